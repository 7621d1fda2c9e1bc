"""`zmward config`: exit codes, JSON as its schema says, and what is refused."""

import gzip
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from tests.configuration.test_restore import CHANGED
from tests.configuration.test_snapshot import NODE, changed, put
from zmward.cli.main import dispatch
from zmward.demo.sample import recorded
from zmward.engine.plans import read
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, encode
from zmward.plan import Plan
from zmward.reports import schema


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "state"
    monkeypatch.setenv("ZMWARD_STATE", str(place))
    return place


def kept(tmp_path: Path, evidence: Evidence, *words: str) -> int:
    """Make a snapshot of evidence and return the exit code."""
    path = tmp_path / "evidence.json"
    path.write_bytes(encode(evidence))
    return dispatch(["config", "snapshot", "--evidence", str(path), *words])


def later() -> Evidence:
    """Return the sample with another way to log in to one domain."""
    return changed("ldap-domains", "zimbraAuthMech: ad", "zimbraAuthMech: ldap")


def test_nothing_new_makes_no_commit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kept(tmp_path, recorded(), "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert kept(tmp_path, recorded(), "--json") == 0
    second = json.loads(capsys.readouterr().out)
    assert first["commit"]
    assert second["commit"] is None
    for document in (first, second):
        jsonschema.validate(document, schema.config_snapshot())


def test_a_difference_is_shown_in_text_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(tmp_path, recorded())
    assert kept(tmp_path, later()) == 0
    capsys.readouterr()
    assert dispatch(["config", "diff"]) == 1
    said = capsys.readouterr().out
    assert (
        "domain:ad.example.test\n  ~ zimbraAuthMech\n      - ad\n      + ldap\n" in said
    )
    assert dispatch(["config", "diff", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema.config_diff())
    (one,) = document["differences"]
    assert (one["removed"], one["added"]) == (["ad"], ["ldap"])
    assert dispatch(["config", "diff", "HEAD", "HEAD"]) == 0


def test_what_could_not_be_had_is_said_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(tmp_path, recorded())
    capsys.readouterr()
    lost = put("ldap-domains", Missing("the directory is down", "timeout"))
    assert kept(tmp_path, lost) == 3
    assert "? domains/: the directory is down" in capsys.readouterr().out
    # That nothing differs is not known of what was not seen.
    assert dispatch(["config", "diff"]) == 3


def test_older_evidence_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(tmp_path, recorded())
    old = replace(later(), when="2026-11-01T00:00:00+00:00")
    assert kept(tmp_path, old) == 4
    assert "goes forward only" in capsys.readouterr().err


def test_a_lost_key_is_no_new_one(
    tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(tmp_path, recorded())
    (state / "config.key").unlink()
    assert kept(tmp_path, later()) == 4
    assert "is gone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("diff",), 2),
        (("diff", "nothing"), 2),
        (("snapshot", "--demo", "--host", "root@x"), 2),
        (("snapshot", "--evidence", "/nonexistent"), 2),
        (("nothing",), 2),
    ],
)
def test_what_cannot_be_is_refused(words: tuple[str, ...], code: int) -> None:
    assert dispatch(["config", *words]) == code


def test_a_repository_that_others_could_swap_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    words = ("--repository", str(place / "config.git"))
    assert kept(tmp_path, recorded(), *words) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user_is_refused(tmp_path: Path, state: Path) -> None:
    kept(tmp_path, recorded())
    os.chown(state / "config.git", 12345, 12345)
    assert dispatch(["config", "diff"]) == 4


def _restore(tmp_path: Path, evidence: Evidence, *words: str) -> Plan:
    path, plan = tmp_path / "now.json", tmp_path / "plan.json"
    path.write_bytes(encode(evidence))
    plan.unlink(missing_ok=True)
    more = ("--evidence", str(path), "--output", str(plan), *words)
    assert dispatch(["config", "restore-plan", "HEAD", *more]) == 0
    return read(plan)


def test_the_way_back_is_a_plan_that_apply_takes(tmp_path: Path) -> None:
    kept(tmp_path, recorded())
    found = _restore(tmp_path, CHANGED)
    assert len(found.steps) == 6
    assert found.host.name == NODE
    assert found.host.machine
    day = recorded().when[:10]
    assert all(day in step.titles[0] for step in found.steps)
    # No control has judged the old values, so none of them is called safe.
    unsafe = {step.effort for step in found.steps if step.change.place[0] != "crontab"}
    assert unsafe == {"decision"}


def test_what_reaches_nodes_that_were_not_seen_is_left(tmp_path: Path) -> None:
    kept(tmp_path, recorded())
    servers = recorded().answer(DIRECTORY, "ldap-servers")
    assert isinstance(servers, Answer)
    other = servers.text.replace(NODE, "other.example.test").replace(
        "cn: mail", "cn: o"
    )
    answers = {host: dict(known) for host, known in CHANGED.answers.items()}
    both = Answer(f"{servers.text.strip()}\n\n{other}")
    answers[DIRECTORY]["ldap-servers"] = both
    now = replace(CHANGED, answers=answers)
    found = _restore(tmp_path, now)
    assert not [step for step in found.steps if step.id.startswith("directory/global")]
    assert any("not seen" in row.reason for row in found.left)
    found = _restore(tmp_path, now, "--only-this-node-seen")
    assert [step for step in found.steps if step.id.startswith("directory/global")]


def test_a_repaired_sample_is_brought_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, way = str(tmp_path / "plan.json"), str(tmp_path / "way.json")
    assert dispatch(["config", "snapshot", "--demo"]) == 0
    only = ("--only", "proxy-speaks-modern-tls,no-mailer-header")
    assert dispatch(["plan", "--demo", *only, "--output", plan]) == 0
    despite = ("--despite-signs-of-compromise", "--demo", "--yes", "--quiet")
    dispatch(["apply", plan, *despite])
    capsys.readouterr()
    dispatch(["config", "snapshot", "--demo", "--quiet", "--json"])
    assert json.loads(capsys.readouterr().out)["differences"]
    words = ("--demo", "--quiet", "--output", way)
    assert dispatch(["config", "restore-plan", "HEAD~1", *words]) == 0
    assert dispatch(["apply", way, *despite]) in (0, 3)
    capsys.readouterr()
    dispatch(["config", "snapshot", "--demo", "--quiet"])
    assert dispatch(["config", "diff", "HEAD~2", "HEAD"]) == 0


_LOG = (
    "2026-11-30 07:00:00,000 INFO  [main] [] soap - begin\n"
    "2026-11-30 07:30:00,000 INFO  [qtp1-2:https://h:7071/service/admin/soap] "
    "[name=anna@example.test;ip=198.51.100.7;ua=x;soapId=5d;] security - "
    "cmd=ModifyDomain; name=ad.example.test; zimbraAuthMech=ldap;\n"
)


@pytest.mark.parametrize("packed", [False, True])
def test_the_log_says_who_perhaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, packed: bool
) -> None:
    kept(tmp_path, replace(recorded(), when="2026-11-30T07:10:00+00:00"))
    kept(tmp_path, replace(later(), when="2026-11-30T08:00:00+00:00"))
    path = tmp_path / ("audit.log.gz" if packed else "audit.log")
    raw = _LOG.encode()
    path.write_bytes(gzip.compress(raw) if packed else raw)
    words = ["config", "log", "--file", str(path), "--timezone", "UTC"]
    capsys.readouterr()
    assert dispatch([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, schema.config_log())
    assert document["logs_from"] == "2026-11-30T07:00:00+00:00"
    last, first = document["snapshots"]
    assert last["covered"]
    assert first["changes"] == []
    (found,) = last["changes"][0]["candidates"]
    assert (found["account"], found["command"]) == ("anna@example.test", "ModifyDomain")
    assert dispatch(words) == 0
    said = capsys.readouterr().out
    assert "perhaps anna@example.test from 198.51.100.7" in said
    assert "no proof" in said


def test_without_a_log_nobody_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(tmp_path, recorded())
    day = datetime.fromisoformat(recorded().when) + timedelta(days=1)
    kept(tmp_path, replace(later(), when=day.isoformat()))
    path = tmp_path / "audit.log"
    path.write_text("")
    capsys.readouterr()
    assert dispatch(["config", "log", "--file", str(path)]) == 0
    said = capsys.readouterr().out
    assert "do not reach back" in said
    assert "perhaps" not in said
    path.unlink()
    assert dispatch(["config", "log", "--file", str(path)]) == 2
    assert dispatch(["config", "log", "--timezone", "Nowhere/No"]) == 2


def _document(tmp_path: Path, name: str, evidence: Evidence | None = None) -> Path:
    path, page = tmp_path / "evidence.json", tmp_path / name
    path.write_bytes(encode(evidence or recorded()))
    words = ("--evidence", str(path), "--output", str(page))
    assert dispatch(["config", "document", *words]) == 0
    return page


@pytest.mark.parametrize("name", ["page.md", "page.html"])
def test_a_page_is_made_and_kept_current(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = _document(tmp_path, name)
    assert page.stat().st_mode & 0o777 == 0o600
    page.chmod(0o644)
    own = "Call the team.\r\n  <b>ours</b>"
    page.write_bytes(page.read_bytes() + own.encode())
    was = page.read_bytes()
    assert _document(tmp_path, name).read_bytes() == was
    now = _document(tmp_path, name, later()).read_bytes()
    assert now != was
    assert now.endswith(own.encode())
    assert page.stat().st_mode & 0o777 == 0o644
    text = now.decode()
    start = text.index("<!-- zmward:begin waivers -->")
    behind = text.index("<!-- zmward:end waivers -->") + 28
    page.write_bytes((text[:start] + text[behind:]).encode())
    capsys.readouterr()
    without = _document(tmp_path, name).read_text("utf-8")
    assert "zmward:begin waivers" not in without
    assert "no block for waivers" in capsys.readouterr().err


def test_a_page_with_broken_marks_is_left_alone(tmp_path: Path) -> None:
    page = _document(tmp_path, "page.md")
    broken = page.read_bytes().replace(b"zmward:end nodes", b"zmward:end node")
    page.write_bytes(broken)
    words = ("--evidence", str(tmp_path / "evidence.json"), "--output", str(page))
    assert dispatch(["config", "document", *words]) == 4
    assert page.read_bytes() == broken
    page.write_bytes(b"\xff\xfe")
    assert dispatch(["config", "document", *words]) == 2
    assert page.read_bytes() == b"\xff\xfe"


def test_without_a_file_the_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["config", "document", "--demo"]) == 0
    assert capsys.readouterr().out.startswith("# mail.example.test\n")
    assert dispatch(["config", "document", "--demo", "--format", "html"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


def test_evidence_of_another_site_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(tmp_path, recorded())
    other = changed("ldap-servers", NODE, "mail.other.example")
    assert kept(tmp_path, other) == 4
    assert "another site" in capsys.readouterr().err
