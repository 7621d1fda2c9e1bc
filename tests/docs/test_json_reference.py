"""docs/reference/json.md against the documents that zmward really writes."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from docs.backups_fields import BACKUP_RUN, BACKUPS, DRILL
from docs.fields import (
    CHANGE,
    DRIFT,
    EVIDENCE,
    HISTORY,
    LIST,
    OBSERVED,
    PLAN,
    REPORT,
    RUN,
    STRUCTS,
)
from docs.firewall_fields import CHECK, POLICY
from docs.log_fields import LOGS
from docs.scan_fields import SCAN

from tests.docs.session import Run
from tests.firewall.site import NODE, connection, single
from zmward.backups.rehearsal import Estimate, Part, Rehearsal
from zmward.backups.run import BackupRun, Piece
from zmward.catalog.log_audit import AUDIT
from zmward.cli.main import dispatch
from zmward.firewall.counted import Count, Counted
from zmward.firewall.known import known
from zmward.firewall.observed import Circumstances, document, observed
from zmward.firewall.policy import policy
from zmward.firewall.render_observe import COUNTERS
from zmward.reports import backup_run_text, drill_text

_OF_A_RUN = ("confirm", "verify")


@pytest.fixture
def say(
    room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    monkeypatch.chdir(room)
    monkeypatch.setenv("ZMWARD_ETC", str(room.parent / "etc"))

    def say(*words: str) -> Any:
        assert dispatch(list(words)) in (0, 1, 3)
        return json.loads(capsys.readouterr().out)

    return say


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def described(document: Any, *outer: Mapping[str, str]) -> None:
    shapes = [set(fields) for fields in (*outer, *STRUCTS.values())]
    for found in objects(document):
        assert any(set(found) <= shape for shape in shapes), sorted(found)


def test_a_report_is_described(say: Any) -> None:
    report = say("audit", "--evidence", "mail.json", "--json")
    assert list(report) == list(REPORT)
    described(report, REPORT, dict.fromkeys(report["counts"], ""))
    assert {"kind", "commands", "restarts"} <= {
        key for found in objects(report) for key in found
    }


def test_evidence_is_described(room: Path) -> None:
    evidence = json.loads((room / "evidence.json").read_text("utf-8"))
    assert list(evidence) == list(EVIDENCE)
    for answers in evidence["answers"].values():
        described(list(answers.values()))


def test_a_drift_is_described(say: Any, room: Path, run: Run) -> None:
    (room / "b.toml").write_text("[services]\nimap = 'wanted'\n")
    run("", "zmward audit --evidence evidence.json --json --output a.json")
    run("", "zmward audit --evidence evidence.json --profile b.toml --json > b.json")
    drift = say("diff", "a.json", "b.json", "--json")
    assert list(drift) == list(DRIFT)
    assert drift["drift"]
    described(drift, DRIFT)


def test_a_plan_is_described(say: Any) -> None:
    plan = say("plan", "--demo", "--json")
    assert list(plan) == list(PLAN)
    for row in plan["changes"]:
        assert set(row) <= set(CHANGE), row["id"]


def test_a_run_and_its_history_are_described(say: Any, room: Path) -> None:
    plan = str(room / "plan.json")
    (room / "plan.json").touch(0o600)
    (room / "plan.json").write_text(json.dumps(say("plan", "--demo", "--json")))
    within = ("--confirm-within", "60")
    done = say("apply", "--demo", "--yes", "--json", *within, plan)
    found = [done, *(say(v, "--demo", "--json", done["run"]) for v in _OF_A_RUN)]
    found.append(say("rollback", "--demo", "--yes", "--json", done["run"]))
    for one in found:
        assert list(one) == list(RUN)
        described(one, RUN)
    history = say("history", "--demo", "--json")
    assert list(history) == list(HISTORY)
    described(history, HISTORY)


def test_the_list_is_described(say: Any) -> None:
    described(say("list", "--json"), LIST)


def test_a_policy_is_described(say: Any, room: Path) -> None:
    admins = '[networks]\nadmins = ["192.0.2.64/26"]\nclients = ["10.0.0.0/8"]\n'
    (room / "site.toml").write_text(admins)
    policy = say("firewall", "show", "--demo", "--profile", "site.toml", "--json")
    assert list(policy) == list(POLICY)
    assert policy["openings"]
    assert policy["problems"]
    described(policy, POLICY)


def test_a_check_is_described(say: Any) -> None:
    found = say("firewall", "check", "--demo", "--json")
    assert list(found) == list(CHECK)
    assert found["differences"]
    described(found, CHECK)


def test_a_scan_is_described(say: Any) -> None:
    found = say("scan", "127.0.0.1", "--ports", "1,2", "--json")
    assert list(found) == list(SCAN)
    assert found["ports"]
    # What was seen word for word is for zmward alone.
    described({**found, "seen": [], "counts": []}, SCAN)


def test_a_report_on_logs_is_described(say: Any, tmp_path: Path) -> None:
    samples = [one for row in AUDIT for one in row.samples if one.log == "audit"]
    text = "".join(f"{sample.line}\n" for sample in samples)
    (tmp_path / "audit.log").write_text(text, "utf-8")
    found = say("logs", "report", "--dir", str(tmp_path), "--json")
    assert list(found) == list(LOGS)
    assert found["sources"]
    assert found["preauth"]
    counted = {**found, "kinds": [], "protocols": []}
    described(counted, LOGS)


def test_an_observation_is_described() -> None:
    facts = single()
    own = known(facts, NODE, policy(facts, NODE))
    rows = (Count("told", "203.0.113.7", (6, 7071), 1, 60),)
    found = Counted(rows, dict.fromkeys(COUNTERS, 1), {"told": 1})
    how = Circumstances("2026-11-21T12:00:00+00:00", 30, 30, "time")
    before = (connection(7025, "203.0.113.7"),)
    written = json.loads(document(observed(found, own, before, how)))
    assert list(written) == list(OBSERVED)
    described(written, OBSERVED, {"told": ""})


def test_backups_are_described(say: Any, room: Path) -> None:
    place = room / "backups"
    place.mkdir()
    (place / "a.tgz").write_bytes(b"x")
    row = f'[[backups.copy]]\nname = "a"\nkind = "folder"\nplace = "{place}"\n'
    (room / "site.toml").write_text(row)
    found = say("backup", "check", "--profile", "site.toml", "--json")
    assert list(found) == list(BACKUPS)
    assert found["copies"][0]["backups"] == 1
    described({**found, "counts": []}, BACKUPS)


def test_a_drill_and_a_run_are_described() -> None:
    part = Part("ldap", "well", "all of it")
    when = "2026-11-21T12:00:00+00:00"
    drill = Rehearsal("s", "h", when, "c", "b", when, (part,), Estimate(1.0, None))
    found = json.loads(drill_text.document(drill))
    assert list(found) == list(DRILL)
    described({**found, "parts": [{**found["parts"][0], "counts": []}]}, DRILL)
    run = BackupRun("s", "r", "h", when, "c", (Piece("ldap.ldif", "stored"),))
    found = json.loads(backup_run_text.document(run))
    assert list(found) == list(BACKUP_RUN)
    described({**found, "pieces": [{**found["pieces"][0], "counts": []}]}, BACKUP_RUN)
