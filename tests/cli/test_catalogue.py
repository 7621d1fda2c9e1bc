"""`zmward explain` and `zmward list` read well, for every control."""

import json

import pytest
from rich.cells import cell_len

from zmward.catalog.tips import TIPS
from zmward.cli.main import dispatch
from zmward.control import Control
from zmward.controls.registry import controls
from zmward.reports.catalogue import listed
from zmward.reports.explanation import explained
from zmward.sources.registry import sources

CONTROLS = tuple(controls().values())


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: c.id)
def test_a_control_is_explained_in_full(control: Control) -> None:
    text = explained(control, sources())
    said = flat(text)
    for words in (control.title, control.why, control.impact, control.id):
        assert flat(words) in said
    for layer in control.check.layers:
        assert f"{layer}: " in said
    for tip in control.tips:
        assert TIPS[tip].title in said
    for reference in control.refs:
        assert reference.replace(" ", "") in text.replace("\n", "").replace(" ", "")
    assert control.check.cures == ("Restarts" in text)
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_explanations_keep_the_width(width: int) -> None:
    for control in CONTROLS:
        for line in explained(control, sources(), width=width).splitlines():
            assert cell_len(line) <= width, control.id
    for line in listed(CONTROLS, width=width).splitlines():
        assert cell_len(line) <= width


def test_a_repair_and_its_undoing_are_shown() -> None:
    text = flat(explained(controls()["mta-auth-only-over-tls"], sources()))
    assert "$ zmprov mcf zimbraMtaTlsAuthOnly VALUE" in text
    assert "$ zmprov ms SERVER zimbraMtaTlsAuthOnly VALUE" in text
    assert "Restarts mta" in text
    assert "where it had none, it inherits again" in text
    text = flat(explained(controls()["login-by-alias-refused"], sources()))
    assert "$ zmlocalconfig -e alias_login_enabled=VALUE" in text
    assert "a key that was not there is removed" in text


def test_no_repair_is_said_and_what_a_person_does_instead() -> None:
    text = flat(explained(controls()["few-global-administrators"], sources()))
    assert "zmward has no repair for it" in text
    assert "zmprov ma NAME zimbraAccountStatus locked" in text


def test_a_repair_of_the_host_shows_its_commands_and_what_restarts() -> None:
    text = flat(explained(controls()["pax-for-amavis"], sources()))
    assert "$ apt-get install -y --no-install-recommends pax" in text
    assert "Restarts antispam" in text


def test_explain_prints_one_control(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["explain", "ssh-without-passwords"]) == 0
    assert "administrators who log in with a password" in capsys.readouterr().out


def test_explain_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["explain", "ssh-without-password"]) == 2
    assert "Did you mean ssh-without-passwords?" in capsys.readouterr().err


def test_list_names_every_control(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["list"]) == 0
    text = capsys.readouterr().out
    for control in CONTROLS:
        assert control.id in text


def test_list_as_json_is_a_bare_array(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == [control.id for control in CONTROLS]
    for row in rows:
        assert set(row) == {"id", "title", "severity", "tips", "roles", "cure"}
