"""`zmward backup run` dumps the mailboxes' databases: all of them, and no password."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.backups.engines import Restic, needs_restic
from tests.backups.zimbra_dump import tables
from tests.engine.zimbra_home import make, stranger
from zmward.backup_places import Copy
from zmward.backups.run import Piece
from zmward.cli.main import dispatch
from zmward.doors.host import Local
from zmward.doors.zimbra_host import ZimbraHost
from zmward.engine.backup_run import Wanted, back_up

SECRET = "s3cret-of.mariadb"
_DUMPER = shutil.which("mariadb-dump") or shutil.which("mysqldump")
_NEEDED = ("mariadbd", "mariadb", "mariadb-install-db", "setpriv")
pytestmark = [
    needs_restic,
    pytest.mark.skipif(
        _DUMPER is None or any(shutil.which(name) is None for name in _NEEDED),
        reason="needs MariaDB's server and mariadb-dump",
    ),
]
# The dumper as it is called: its words and its environment are looked at.
WATCHED = """\
#!/bin/sh
tr '\\0' '\\n' </proc/$$/cmdline >{seen}
tr '\\0' '\\n' </proc/$$/environ >>{seen}
exec {real} "$@"
"""
GRANTED = (
    "CREATE USER zimbra@localhost IDENTIFIED BY '{secret}';"
    "GRANT ALL ON *.* TO zimbra@localhost WITH GRANT OPTION;"
)
Start = Callable[[], Piece]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Give Zimbra's home with a server of MariaDB that runs on its databases."""
    place = tmp_path / "home"
    place.mkdir()
    keys = {"zimbra_mysql_user": "zimbra", "zimbra_mysql_password": SECRET}
    made = make(place, 1, stranger(tmp_path / "keys"), **keys)
    run = Path("/var/tmp") / f"zm{os.getpid()}"
    run.mkdir()
    socket, data = run / "s", made / "db/data"
    (made / "conf/my.cnf").write_text(f"[mysqld]\nsocket = {socket}\n", "utf-8")
    new = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root"]
    new += ["--auth-root-authentication-method=normal", "--skip-test-db"]
    data.mkdir(parents=True)
    subprocess.run(new, check=True, capture_output=True, timeout=120)
    words = ["mariadbd", "--no-defaults", "--user=root", f"--datadir={data}"]
    words += [f"--socket={socket}", "--skip-networking", f"--pid-file={run / 'pid'}"]
    with subprocess.Popen(words, stdout=-3, stderr=-3) as server:
        try:
            _filled(socket)
            yield made
        finally:
            server.kill()
    shutil.rmtree(run)


def _filled(socket: Path) -> None:
    client = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root"]
    end = time.monotonic() + 60
    while subprocess.call([*client, "-e", "SELECT 1"], stdout=-3, stderr=-3):
        assert time.monotonic() < end
        time.sleep(0.1)
    content = tables() + GRANTED.format(secret=SECRET).encode()
    subprocess.run(client, input=content, check=True, capture_output=True)


@pytest.fixture
def restic(tmp_path: Path) -> Restic:
    return Restic(tmp_path)


@pytest.fixture
def start(
    home: Path, tmp_path: Path, restic: Restic, monkeypatch: pytest.MonkeyPatch
) -> Start:
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))
    copy = Copy("r", "restic", str(restic.place), str(restic.password))

    def run() -> Piece:
        wanted = Wanted(datetime.now(UTC), "0", ("mariadb",))
        host = ZimbraHost(Local(), str(home), "")
        (piece,) = back_up(host, copy, wanted, lambda *_: None).pieces
        return piece

    return run


def test_a_dump_is_stored_and_restores(
    start: Start,
    home: Path,
    restic: Restic,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = tmp_path / "seen"
    program = home / "common/bin/mysqldump"
    program.write_text(WATCHED.format(seen=seen, real=_DUMPER), "utf-8")
    program.chmod(0o755)
    piece = start()
    assert (piece.outcome, piece.counts) == ("stored", {"tables": 2}), piece.text
    words = seen.read_text("utf-8")
    assert "--single-transaction" in words
    assert SECRET not in words
    profile = tmp_path / "profile.toml"
    names = "[backups]\nldap = []\naccount = []\n"
    profile.write_text(f"{names}{restic.toml()}", "utf-8")
    code = dispatch(["backup", "drill", "--profile", str(profile), "--json"])
    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert (code, part["counts"]["mailboxes"]) == (0, 200), part


def test_a_dump_that_breaks_off_is_not_stored(start: Start, home: Path) -> None:
    program = home / "common/bin/mysqldump"
    text = f'#!/bin/sh\n{_DUMPER} "$@" | head -n -1\n'
    program.write_text(text, "utf-8")
    program.chmod(0o755)
    piece = start()
    assert (piece.outcome, "breaks off" in piece.text) == ("failed", True)


@pytest.mark.parametrize(
    ("secret", "why"), [("wrong", "ended with 1"), ("a b", "odd way"), ("", "has no")]
)
def test_a_server_that_refuses_is_told_without_the_password(
    start: Start, home: Path, secret: str, why: str
) -> None:
    path = home / "conf/localconfig.xml"
    path.write_text(path.read_text("utf-8").replace(SECRET, secret), "utf-8")
    piece = start()
    assert (piece.outcome, why in piece.text) == ("failed", True), piece.text
    assert not secret or f"{secret}'" not in piece.text


def test_databases_whose_settings_are_there_are_missed(
    start: Start, home: Path
) -> None:
    (home / "db/data/zimbra").rename(home / "db/data/other")
    piece = start()
    assert (piece.outcome, "no database zimbra" in piece.text) == ("failed", True)


def test_a_node_without_mailboxes_has_none(start: Start, home: Path) -> None:
    (home / "db/data/zimbra").rename(home / "db/data/other")
    (home / "conf/my.cnf").unlink()
    assert start().outcome == "empty"
