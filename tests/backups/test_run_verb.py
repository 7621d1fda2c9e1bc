"""`zmward backup run` on the command line: what it refuses, and how it tells."""

import os
from pathlib import Path

import pytest

from tests.backups.engines import secret, toml
from zmward.backups.run import BackupRun, Outcome, Piece
from zmward.cli.main import dispatch
from zmward.reports.backup_run_text import render

as_root = pytest.mark.skipif(os.getuid() != 0, reason="root alone comes so far")


def start(tmp_path: Path, rows: str, *words: str) -> int:
    path = tmp_path / "profile.toml"
    path.write_text(rows, "utf-8")
    return dispatch(["backup", "run", "--profile", str(path), *words])


def restic(tmp_path: Path, name: str = "r") -> str:
    key = str(secret(tmp_path))
    return toml(name=name, kind="restic", place="/nowhere", password_file=key)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--copy", "x"), "no copy 'x'"),
        (("--only", "mail"), "ldap, config, mariadb, accounts"),
        (("--host", "root@mail"), "run it on the server"),
    ],
)
def test_a_wrong_command_line_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    assert start(tmp_path, restic(tmp_path), *words) == 2
    assert said in capsys.readouterr().err


def test_without_a_repository_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = toml(name="f", kind="folder", place="/srv/backup")
    assert start(tmp_path, rows) == 2
    assert "names no repository" in capsys.readouterr().err


@as_root
@pytest.mark.skipif(Path("/opt/zimbra").exists(), reason="this is a Zimbra server")
def test_where_no_zimbra_is_nothing_is_stored(tmp_path: Path) -> None:
    assert start(tmp_path, restic(tmp_path)) == 3


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [(("stored", "empty"), 0), (("stored", "failed"), 3), (("empty",), 3)],
)
def test_a_run_that_stored_nothing_is_no_backup(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    outcomes: tuple[Outcome, ...],
    code: int,
) -> None:
    pieces = tuple(Piece("x", outcome) for outcome in outcomes)
    told = BackupRun("s", "r", "h", "2026-11-30", "c", pieces)
    monkeypatch.setattr("zmward.engine.backup_run.back_up", lambda *_: told)
    assert start(tmp_path, restic(tmp_path)) == code


def test_accounts_are_told_as_a_number_but_for_those_that_failed() -> None:
    pieces = [Piece("ldap.ldif", "stored", 2048, counts={"accounts": 2})]
    pieces += [Piece(f"account-{n}.tgz", "stored", 9) for n in range(3)]
    pieces += [
        Piece(f"account-x{n}\x1b[31m.tgz", "failed", text="no") for n in range(22)
    ]
    told = BackupRun("s", "r", "h", "2026-11-30", "c", tuple(pieces))
    text = render(told)
    assert "3 stored, 0 without content, 22 failed" in text
    assert "and 2 more" in text
    assert "\x1b" not in text
    assert not told.whole
