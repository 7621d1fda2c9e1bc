"""What `zmward integrity` notes of a check, for the next audit of the host."""

import json
import os
from pathlib import Path

import pytest

from tests.integrity.site import WEB, install, put
from zmward.cli.main import dispatch
from zmward.engine import integrity_record
from zmward.errors import Refused
from zmward.sources.integrity_check import Note, note

Captured = pytest.CaptureFixture[str]
SHELL = f"{WEB}/zimbra/public/9f3a41c7.jsp"
FIRST, LATER = "2026-11-20T03:00:00+00:00", "2026-11-21T03:00:00+00:00"


@pytest.fixture
def public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> str:
    """Give an installation with a baseline, and the public key of that."""
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    install(tmp_path / "root")
    Path("phrase").write_text("correct horse battery\n")
    Path("phrase").chmod(0o600)
    words = ("--new-key", "key.pem", "--passphrase-file", "phrase", "--json")
    assert integrity("baseline", *words, now=FIRST) == 0
    found: str = json.loads(capsys.readouterr().out)["public_key"]
    return found


def integrity(verb: str, *words: str, now: str = LATER) -> int:
    return dispatch(["integrity", verb, "--root", "root", "--now", now, *words])


def noted(name: str = "check") -> Note | None:
    path = Path(f"state/integrity/{name}.json")
    if not path.exists():
        return None
    assert path.stat().st_mode & 0o777 == 0o600
    return note(path.read_bytes(), str(path))


def counted(name: str = "check") -> tuple[str, int, int, int]:
    found = noted(name)
    assert found is not None
    return found.when, found.number, found.alarms, found.missed


def test_a_baseline_is_a_check(public: str) -> None:
    assert counted() == (FIRST, 1, 0, 0)
    found = noted()
    assert found is not None
    assert found.keys == (public,)


def test_a_check_takes_the_place_of_the_one_before(tmp_path: Path, public: str) -> None:
    put(tmp_path / "root", SHELL, "<% %>")
    assert integrity("check", "--public-key", public) == 1
    assert counted() == (LATER, 1, 1, 0)
    content = Path("state/integrity/check.json").read_text()
    assert "9f3a41c7" not in content


def test_a_quick_check_is_noted_beside_the_whole_one(
    tmp_path: Path, public: str
) -> None:
    put(tmp_path / "root", SHELL, "<% %>")
    assert integrity("check", "--quick", "--public-key", public) == 1
    assert counted("check-quick") == (LATER, 1, 1, 0)
    assert counted() == (FIRST, 1, 0, 0)


def test_what_is_accepted_is_no_alarm_any_more(tmp_path: Path, public: str) -> None:
    for name in (SHELL, SHELL.replace("9f", "8e")):
        put(tmp_path / "root", name, "<% %>")
    assert integrity("check", "--public-key", public) == 1
    assert counted() == (LATER, 1, 2, 0)
    words = ("--key", "key.pem", "--passphrase-file", "phrase", "--yes")
    accepting = (*words, "--public-key", public, "--path", f"/{SHELL}")
    assert integrity("accept", *accepting) == 1
    assert counted() == (LATER, 2, 1, 0)


def test_places_that_were_not_seen_are_counted(tmp_path: Path, public: str) -> None:
    for status in (tmp_path / "root/var/lib/dpkg").glob("status*"):
        status.unlink()
    integrity("check", "--public-key", public)
    _, _, _, missed = counted()
    assert missed > 0


def test_a_baseline_that_is_refused_is_noted(public: str, capsys: Captured) -> None:
    path = Path("state/integrity/history")
    path.write_bytes(path.read_bytes().replace(b"2026", b"2025"))
    assert integrity("check", "--public-key", public) == 4
    found = noted()
    assert found is not None
    assert (found.when, found.number) == (LATER, 0)
    assert found.refused
    assert found.refused in capsys.readouterr().err.replace("\n", " ")


def test_a_mounted_image_is_not_written(
    tmp_path: Path, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "root/var/lib/zmward"
    there.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "state").rename(there)
    monkeypatch.delenv("ZMWARD_STATE")
    before = {p: p.stat().st_mtime_ns for p in there.rglob("*")}
    assert integrity("check", "--public-key", public) == 0
    assert {p: p.stat().st_mtime_ns for p in there.rglob("*")} == before


@pytest.mark.skipif(os.getuid() != 0, reason="a full disk is made by root")
def test_what_cannot_be_noted_hides_no_alarm(
    tmp_path: Path, public: str, capsys: Captured
) -> None:
    put(tmp_path / "root", SHELL, "<% %>")
    Path("state/integrity/check.json").unlink()
    Path("state/integrity/check.json").mkdir()
    assert integrity("check", "--public-key", public) == 1
    said = capsys.readouterr()
    assert "9f3a41c7" in said.out
    assert "The next audit will not know of this" in said.err


@pytest.mark.parametrize("words", [(), ("--quick",)])
def test_what_cannot_be_noted_leaves_no_older_word(
    tmp_path: Path,
    public: str,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    def full(*_: object) -> None:
        raise Refused("the disk is full.")

    put(tmp_path / "root", SHELL, "<% %>")
    monkeypatch.setattr(integrity_record, "put_record", full)
    assert noted() is not None
    assert integrity("check", *words, "--public-key", public) == 1
    assert noted() is None
