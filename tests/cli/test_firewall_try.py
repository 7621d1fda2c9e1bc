"""`zmward firewall try` from the command line, on the sample server and refused."""

import json
import re
from pathlib import Path

import pytest

from zmward.cli.main import dispatch

PROFILE = """\
[networks]
admins = ["192.0.2.64/26", "2001:db8:a::/48"]
clients = ["10.0.0.0/8", "2001:db8:c::/48"]
"""


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("ZMWARD_DEMO", str(tmp_path / "demo"))
    path = tmp_path / "site.toml"
    path.write_text(PROFILE)
    return ["firewall", "try", "--demo", "--profile", str(path), "--yes", "--quiet"]


def applied(told: str) -> str:
    found = re.search(r"run (\S+): applied", told)
    assert found, told
    return found[1]


def history(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert dispatch(["history", "--demo", "--json"]) == 0
    return [row["state"] for row in json.loads(capsys.readouterr().out)["runs"]]


def test_it_is_tried_confirmed_and_taken_back(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch([*words, "--confirm-within", "600"]) in (0, 3)
    told = capsys.readouterr().out
    run = applied(told)
    assert "within 600 s" in told
    assert history(capsys) == ["unconfirmed"]
    assert dispatch(["confirm", "--demo", run]) == 0
    assert history(capsys) == ["kept"]
    assert dispatch(words) in (0, 3)
    assert "already as the plan wants it" in capsys.readouterr().out
    assert dispatch(["rollback", "--demo", "--yes", "--quiet", run]) == 0
    assert history(capsys) == ["rolled back"]


def test_a_plan_of_it_is_shown_and_applied(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.json"
    assert dispatch([*words, "--plan", str(path)]) == 0
    plan = json.loads(path.read_text())
    (change,) = plan["changes"]
    assert change["kind"] == "load-ruleset"
    assert change["commands"] == [["nft", "-f", "/dev/stdin"]]
    assert change["undo"] == [["nft", "delete", "table", "inet", "zmward"]]
    assert change["effort"] == "decision"
    assert history(capsys) == []
    assert dispatch(["apply", "--demo", "--yes", "--quiet", str(path)]) in (0, 3)
    applied(capsys.readouterr().out)


def test_an_edited_plan_loads_nothing(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.json"
    assert dispatch([*words, "--plan", str(path)]) == 0
    text = path.read_text()
    path.write_text(text.replace("policy drop", "policy accept"))
    assert dispatch(["apply", "--demo", "--yes", "--quiet", str(path)]) == 4
    assert "edited by hand" in capsys.readouterr().err
    path.write_text(text.replace("add table inet zmward", "flush ruleset"))
    assert dispatch(["apply", "--demo", "--yes", "--quiet", str(path)]) == 4
    assert "zmward's own rules" in capsys.readouterr().err
    assert history(capsys) == []


def test_a_whitelist_with_a_problem_is_refused_by_name(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.toml").write_text("")
    assert dispatch(words) == 4
    said = capsys.readouterr().err
    assert "may not be loaded" in said
    assert "services.imap" in said
    assert "zmward firewall show" in said


def test_without_a_yes_nothing_is_done(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [word for word in words if word not in ("--yes", "--quiet")]
    assert dispatch(asked) == 4
    said = capsys.readouterr().err
    assert "admin" in said
    assert "ssh" in said
    assert "Not agreed" in said
    assert history(capsys) == []


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--confirm-within", "4"), 2, "5<=x<=86400"),
        (("--evidence", "/nope"), 2, "no --evidence"),
        (("--observed", "/nope"), 2, "/nope"),
        (("--host", "a@b"), 2, "--demo"),
    ],
)
def test_what_makes_no_sense_is_refused(
    words: list[str],
    more: tuple[str, ...],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert dispatch([*words, *more]) == code
    assert said in capsys.readouterr().err
