"""`zmward plan` and its files: what is written, and what is refused when read."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from zmward.cli.main import dispatch
from zmward.engine.plans import read
from zmward.errors import BadFile, Refused
from zmward.reports.plan_json import render

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))


def test_a_plan_file_is_for_its_owner_and_is_read_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.json"
    assert dispatch(["plan", "--demo", "--output", str(path)]) == 0
    assert "Safe now" in capsys.readouterr().out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read(path).host.name == "mail.example.test"


def test_json_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["plan", "--demo", "--safe", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "zmward.plan/1"
    assert {change["effort"] for change in document["changes"]} == {"safe"}
    assert document["evidence_hash"]


def test_a_report_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = str(tmp_path / "report.json")
    dispatch(["audit", "--demo", "--json", "--output", report])
    assert dispatch(["plan", "--report", report, "--window", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {change["effort"] for change in document["changes"]} == {"window"}
    assert document["reloads"] == ["mailbox"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "nonsense"], "no control 'nonsense'"),
        (["--only", ","], "names no control"),
        (["--report", "/nowhere"], "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch(["plan", "--demo", *words]) == 2
    assert said in capsys.readouterr().err


def _row(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["changes"][0]
    return found


HOSTILE: dict[str, tuple[Edit, str]] = {
    "another schema": (lambda d: d.update(schema="zmward.plan/2"), "schema"),
    "an unknown key": (lambda d: d.update(chnages=[]), "did you mean 'changes'"),
    "an unknown key of a change": (
        lambda d: _row(d).update(comands=[]),
        "did you mean 'commands'",
    ),
    "an unknown kind": (
        lambda d: _row(d).update(kind="set-localconfg"),
        "did you mean 'set-localconfig'",
    ),
    "a kind that is no text": (lambda d: _row(d).update(kind=[1]), "unknown kind"),
    "no kind": (lambda d: _row(d).pop("kind"), "unknown kind"),
    "another command": (
        lambda d: _row(d).update(commands=[["rm", "-rf", "/"]]),
        "edited by hand: commands",
    ),
    "another way back": (lambda d: _row(d).update(undo=[]), "undo"),
    "another value": (lambda d: _row(d).update(after="false"), "edited by hand"),
    "a value of another type": (lambda d: _row(d).update(after=1), "cannot be read"),
    "no value": (lambda d: _row(d).pop("after"), "cannot be read"),
    "another id": (lambda d: _row(d).update(id="x"), "edited by hand: id"),
    "fewer restarts": (lambda d: d.update(reloads=["ldap"]), "restarts other"),
    "another order": (lambda d: d["changes"].reverse(), "another order"),
    "a change twice": (
        lambda d: d["changes"].insert(0, _row(d)),
        "changes one place twice",
    ),
    "another host": (lambda d: _row(d).update(target="x"), "edited by hand"),
    "a secret": (lambda d: _row(d).update(key="ldap_root_password"), "secret"),
    "another text in a file": (
        lambda d: d.update(when="2026-11-22T00:00:00+00:00"),
        "edited by hand: digest",
    ),
    "no list": (lambda d: d.update(changes={}), "not a whole plan"),
    "a missing part": (lambda d: d.pop("reloads"), "not a whole plan"),
    "safe where it is not": (
        lambda d: next(r for r in d["changes"] if r["effort"] == "window").update(
            effort="safe"
        ),
        "effort",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_plan_edited_by_hand_is_refused(path: Path, name: str) -> None:
    edit, said = HOSTILE[name]
    document = json.loads(path.read_bytes())
    edit(document)
    path.write_text(json.dumps(document))
    with pytest.raises(Refused, match=said) as refused:
        read(path)
    assert refused.value.code == 4


def _written(path: Path, change: dict[str, Any]) -> None:
    document = json.loads(path.read_bytes())
    document["changes"] = [change]
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "act", "action": "erase", "arguments": []}, "no action 'erase'"),
        ({"kind": "act", "action": "render", "arguments": ["; rm"]}, "no argument"),
        (
            {
                "kind": "write-file",
                "path": "/etc/shadow",
                "before": None,
                "after": {"text": ""},
            },
            "does not write '/etc/shadow'",
        ),
        (
            {
                "kind": "set-unit",
                "unit": "evil.service",
                "before": {"enabled": False, "active": False},
                "after": {"enabled": True, "active": True},
            },
            "does not switch",
        ),
        (
            {"kind": "install-package", "package": "nmap", "manager": "apt"},
            "does not install",
        ),
        (
            {"kind": "install-package", "package": "pax", "manager": "pip"},
            "cannot be read",
        ),
        (
            {
                "kind": "set-mode",
                "path": "/opt/zimbra/../../etc/shadow",
                "before": {"mode": 0, "owner": "root", "group": "root"},
                "after": {"mode": 511, "owner": "root", "group": "root"},
            },
            "does not set the mode",
        ),
        (
            {"kind": "set-crontab", "user": "root", "before": None, "after": "x"},
            "crontab of 'root'",
        ),
    ],
)
def test_what_is_not_in_the_catalog_is_refused(
    path: Path, change: dict[str, Any], said: str
) -> None:
    _written(path, {"target": "mail.example.test", **change})
    with pytest.raises(Refused, match=said):
        read(path)


def test_a_truncated_plan_is_refused(path: Path) -> None:
    content = path.read_bytes()
    for length in (0, 1, 50, len(content) // 2, len(content) - 3):
        path.write_bytes(content[:length])
        with pytest.raises(Refused, match="not a whole plan"):
            read(path)


def test_a_plan_of_another_machine_is_refused(path: Path) -> None:
    made = read(path)
    path.write_text(render(replace(made, host=replace(made.host, machine="a" * 32))))
    assert read(path, "a" * 32).host.machine == "a" * 32
    with pytest.raises(Refused, match="another machine"):
        read(path, "b" * 32)


def test_a_plan_that_others_can_write_is_refused(path: Path) -> None:
    path.chmod(0o622)
    with pytest.raises(Refused, match="written by others"):
        read(path)


def test_no_plan_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read(tmp_path / "none.json")
