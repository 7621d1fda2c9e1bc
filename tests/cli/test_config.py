"""`zmward config`: exit codes, JSON as its schema says, and what is refused."""

import json
import os
from pathlib import Path

import jsonschema
import pytest
from msgspec.structs import replace

from tests.configuration.test_snapshot import changed, put
from zmward.cli.main import dispatch
from zmward.demo.sample import recorded
from zmward.evidence import Evidence, Missing, encode
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
    assert dispatch(["config", "diff"]) == 0


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
