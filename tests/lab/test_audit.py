"""The audit of real nodes: as expected, by every way, and as the demo recorded it."""

import json
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from lab.node import Lab
from lab.product import install
from lab.record import zmward

from tests.lab.expected import rows
from zmward.cli.main import dispatch
from zmward.engine.answers import evidence, read
from zmward.engine.script import collector
from zmward.evidence import Answer, Evidence, decode
from zmward.sources.registry import usual

pytestmark = pytest.mark.lab

# What moves from second to second: a whole source, or the lines of one that begin so.
VOLATILE = {
    "identity": "",  # the time
    "chrony-tracking": "",  # the clock's offset
    "established": "",  # whoever is connected now
    "postconf": "process_id",
    "served": "< date:",
}


def lasting(name: str, text: str) -> list[str]:
    """Return an answer's lines that stay; questions asked side by side answer in any order."""
    moving = VOLATILE.get(name)
    if moving == "":
        return []
    lines = text.splitlines()
    return sorted(line for line in lines if not moving or not line.startswith(moving))


@cache
def collected(name: str, state: str) -> str:
    return zmward(Lab(name, state), "collect", "--quiet")


@pytest.fixture
def stored(any_lab: Lab, tmp_path: Path) -> Path:
    path = tmp_path / "evidence.json"
    path.write_text(collected(any_lab.name, any_lab.state))
    return path


def report(path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code = dispatch(["audit", "--json", "--evidence", str(path), *words])
    assert code in (0, 1, 3)
    return json.loads(capsys.readouterr().out)


def test_the_audit_says_what_was_expected(
    any_lab: Lab, stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {
        finding["control"]: (
            finding["status"],
            finding["reason"],
            finding["deviations"],
        )
        for finding in report(stored, capsys)["findings"]
    }
    table = rows()
    wrong = {
        control: (row[any_lab.state], found[control])
        for control, row in table.items()
        if found[control][0] != row[any_lab.state]
    }
    assert not wrong, json.dumps(wrong, indent=1)
    assert set(found) == set(table)


def by_script(lab: Lab) -> Evidence:
    asked = usual()
    script = collector(asked, "test")
    done = subprocess.run(
        lab.argv("mail", ["sh", "-s"]),
        input=script.encode(),
        capture_output=True,
        check=True,
        timeout=120,
    )
    found = read(done.stdout.splitlines(keepends=True), asked, "script")
    return evidence(found, asked, "test")


def by_local(lab: Lab) -> Evidence:
    done = lab.run("mail", [install(lab), "collect", "--quiet"])
    return decode(done.stdout.encode(), "local")


def by_ssh(lab: Lab) -> Evidence:
    return decode(zmward(lab, "collect", "--quiet").encode(), "ssh")


@pytest.mark.parametrize("way", [by_local, by_ssh])
def test_every_way_gives_the_same_evidence(
    lab_default: Lab, way: Callable[[Lab], Evidence]
) -> None:
    one, two = by_script(lab_default), way(lab_default)
    assert one.hosts == two.hosts == ("mail.example.test",)
    for host, answers in one.answers.items():
        assert set(answers) == set(two.answers[host])
        for name, answer in answers.items():
            other = two.answers[host][name]
            assert type(answer) is type(other), name
            if isinstance(answer, Answer) and isinstance(other, Answer):
                assert lasting(name, answer.text) == lasting(name, other.text), name
                assert (answer.code, answer.error) == (other.code, other.error), name
            else:
                assert answer == other, name


def test_the_collector_leaves_nothing_behind(lab_default: Lab) -> None:
    def listing() -> str:
        argv = ["find", "/tmp", "/var/tmp", "/dev/shm", "/run/user", "-xdev"]
        return lab_default.run("mail", argv).stdout

    before = listing()
    by_script(lab_default)
    assert listing() == before


def test_no_secret_of_the_server_is_collected(any_lab: Lab, stored: Path) -> None:
    config = any_lab.run("mail", ["cat", "/opt/zimbra/conf/localconfig.xml"]).stdout
    text = stored.read_text()
    secrets = 0
    for part in config.split("<key ")[1:]:
        name = part.split('"')[1]
        value = part.partition("<value>")[2].partition("</value>")[0].strip()
        if "password" in name and len(value) > 8:
            secrets += 1
            assert value not in text, name
    assert secrets > 3


def test_the_demo_shows_what_the_lab_shows_now(
    lab_default: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = (files("zmward.demo") / "evidence.json").read_bytes()
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(recorded)
    new.write_text(zmward(lab_default, "collect", "--quiet"))
    assert {
        type(a) for a in decode(recorded, "demo").answers["directory"].values()
    } == {Answer}

    def findings(path: Path) -> dict[str, Any]:
        rows = report(path, capsys)["findings"]
        return {row["control"]: row["status"] for row in rows}

    assert findings(old) == findings(new), (
        "run: python -m lab record src/zmward/demo/evidence.json"
    )
