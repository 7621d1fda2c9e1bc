"""`zmward backup run` against the lab's mailboxd: lent tokens, real archives, a drill."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lab.zimbra.mailboxd.tls import Keystore

from tests.backups.engines import Restic, needs_restic
from tests.engine.zimbra_home import make, trust
from tests.standins import mailboxd_twin as twin
from tests.standins.memory import account, directory
from zmward.backup_places import Copy
from zmward.backups.run import BackupRun
from zmward.cli.main import dispatch
from zmward.doors.host import Local
from zmward.doors.zimbra_host import ZimbraHost
from zmward.engine.backup_run import Wanted, back_up

pytestmark = [
    needs_restic,
    pytest.mark.skipif(os.getuid() != 0, reason="a backup needs root"),
    pytest.mark.skipif(
        any(shutil.which(name) is None for name in ("curl", "setpriv")),
        reason="needs curl",
    ),
]
HOST = "mail.example.test"
USER, MOVED = "user1@example.test", "moved@example.test"
SEARCH = """\
#!/bin/sh
cat >/dev/null
case $* in
    *zimbraMailHost*) cat {people} ;;
    *) printf 'dn: cn={host},cn=servers,cn=zimbra\\nzimbraAdminPort: {port}\\n\\n' ;;
esac
"""
Start = Callable[[], BackupRun]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[twin.Running]:
    place = tmp_path / "server"
    place.mkdir()
    store = directory()
    made = account(MOVED, zimbraAccountStatus="maintenance")
    store.entries[made.dn] = made
    with twin.running(store, {}, place, _keystore(tmp_path)) as running:
        mails = running.places.mail / "0" / USER / "msg"
        mails.mkdir(parents=True)
        for number in range(9):
            text = f"Subject: mail {number}\r\n\r\n" + "a line\r\n" * 5000
            (mails / f"{number:06}-aa.msg").write_text(text)
        yield running


def _keystore(tmp_path: Path) -> Keystore:
    (tmp_path / "keys").mkdir()
    return twin.make_keystore(tmp_path / "keys")


def _people(server: twin.Running) -> str:
    found = (one for one in server.store.all("account") if "@" in one.name)
    return "".join(
        f"dn: {one.dn}\nzimbraId: {one.id}\nmail: {one.name}\n\n" for one in found
    )


@pytest.fixture
def restic(tmp_path: Path) -> Restic:
    return Restic(tmp_path)


@pytest.fixture
def start(
    server: twin.Running,
    restic: Restic,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Start:
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))
    place = tmp_path / "home"
    place.mkdir()
    port = server.ports["admin"]
    keystore = Keystore(tmp_path / "keys/keystore", "changeit")
    home = make(place, port, keystore)
    trust(home, tmp_path / "keys/server.crt")
    people = tmp_path / "people"
    people.write_text(_people(server), "utf-8")
    text = SEARCH.format(people=people, host=HOST, port=port)
    (home / "common/bin/ldapsearch").write_text(text, "utf-8")
    copy = Copy("r", "restic", str(restic.place), str(restic.password))

    def run() -> BackupRun:
        wanted = Wanted(datetime.now(UTC), "0", ("accounts",))
        return back_up(
            ZimbraHost(Local(), str(home), ""), copy, wanted, lambda *_: None
        )

    return run


def _open(server: twin.Running) -> None:
    """Let the account out of maintenance."""
    moved = server.store.get("account", "name", MOVED)
    server.store.modify(moved, [("zimbraAccountStatus", "active")])
    server.mailboxd.directory.flush("all")


def test_every_mailbox_is_stored_but_the_one_in_maintenance(
    start: Start, server: twin.Running, restic: Restic
) -> None:
    told = start()
    failed = [piece for piece in told.pieces if piece.outcome == "failed"]
    assert [piece.name for piece in failed] == [f"account-{MOVED}.tgz"]
    assert "401" in failed[0].text
    log = server.log("audit.log")
    assert f"accountName={USER};" in log
    assert "0_" not in json.dumps([piece.text for piece in told.pieces])
    found = json.loads(restic.run("snapshots", "--json"))
    name = f"account-{USER}.tgz"
    (own,) = [one["id"] for one in found if one["paths"] == [f"/{name}"]]
    words = ["restic", "--repo", str(restic.place), "--no-cache"]
    words += ["--password-file", str(restic.password), "dump", own, name]
    done = subprocess.run(words, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        mails = [one for one in archive.getnames() if one.endswith(".eml")]
    assert len(mails) == 9


def test_the_session_is_over_when_the_run_is(
    start: Start, server: twin.Running
) -> None:
    start()
    (zimbra,) = [one for one in server.store.all("account") if one.name == "zimbra"]
    assert zimbra.attrs.get("zimbraAuthTokens", []) == []


def test_a_drill_reads_an_account_and_finds_one_that_was_cut(
    start: Start,
    server: twin.Running,
    restic: Restic,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _open(server)
    profile = tmp_path / "profile.toml"
    profile.write_text(f"[backups]\nldap = []\nmariadb = []\n{restic.toml()}", "utf-8")
    words = ["backup", "drill", "--profile", str(profile), "--json"]
    words += ["--account", USER]
    assert start().whole
    assert dispatch(words) == 0, capsys.readouterr().out
    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert part["counts"]["messages"] == 9
    told = start()
    found = json.loads(restic.run("snapshots", "--json", "--tag", f"run-{told.run}"))
    name = f"account-{USER}.tgz"
    (own,) = [one["id"] for one in found if one["paths"] == [f"/{name}"]]
    engine = ["restic", "--repo", str(restic.place), "--no-cache"]
    engine += ["--password-file", str(restic.password)]
    dump = [*engine, "dump", own, name]
    whole = subprocess.run(dump, capture_output=True, check=True).stdout
    put = [*engine, "backup", "--stdin", "--stdin-filename", name, "--tag", "zmward"]
    put += ["--tag", f"run-{told.run}", "--host", HOST]
    half = whole[: len(whole) // 2]
    subprocess.run(put, input=half, capture_output=True, check=True)
    restic.run("forget", own)
    assert dispatch(words) == 1
    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert "breaks off" in part["text"]
