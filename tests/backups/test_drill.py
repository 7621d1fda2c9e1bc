"""`zmward backup drill` restores for real, finds what does not, and leaves nothing."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.backups.archives import account, entry, tgz
from tests.backups.engines import Borg, Restic, needs_borg, needs_restic, toml
from tests.backups.zimbra_dump import config, directory, tables
from zmward.backups.coverage import Account
from zmward.cli.main import dispatch
from zmward.doors.scratch import Scratch
from zmward.engine.drill_part import Fed

Drill = Callable[..., Any]
_NEEDED = ("slapadd", "slapd", "ldapsearch", "mariadbd", "mariadb", "setpriv")
pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="only root may restore"),
    pytest.mark.skipif(
        any(shutil.which(name, path="/usr/sbin:/usr/bin") is None for name in _NEEDED),
        reason="needs slapd, ldap-utils and MariaDB's server",
    ),
]


@pytest.fixture
def base() -> Iterator[Path]:
    """Give a scratch with a short path that only root has a hand in."""
    place = Path("/var/tmp") / f"zd{os.getpid()}"
    place.mkdir(mode=0o755)
    yield place
    left = list(place.iterdir())
    shutil.rmtree(place)
    assert left == []


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with one whole backup in it."""
    found = tmp_path / "backups"
    (found / "2026-11-30").mkdir(parents=True)
    whole = found / "2026-11-30"
    (whole / "ldap.bak").write_bytes(directory())
    (whole / "ldap-config.bak").write_bytes(config())
    (whole / "mysql.sql.gz").write_bytes(gzip.compress(tables()))
    (whole / "joe@example.test.tgz").write_bytes(account())
    return found


@pytest.fixture
def drill(
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Drill:
    monkeypatch.setenv("ZMWARD_ETC", str(tmp_path / "etc"))
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BORG_BASE_DIR", str(tmp_path / "borg-base"))
    # A live directory that had one account before the backup was made.
    monkeypatch.setattr("zmward.engine.drill._live", lambda *_: {"accounts": 1})

    def run(copy: str, *words: str, code: int | None = None) -> Any:
        path = tmp_path / "profile.toml"
        path.write_text(f'[backups]\nscratch = "{base}"\n{copy}', "utf-8")
        got = dispatch(["backup", "drill", "--profile", str(path), "--json", *words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        if code is not None:
            assert got == code, out + err
        if got not in (0, 1, 3):
            return err
        found = json.loads(out)
        return found | {"by": {part["subject"]: part for part in found["parts"]}}

    return run


def folder(place: Path, **more: str) -> str:
    return toml(name="f", kind="folder", place=str(place), **more)


def test_a_whole_backup_restores(drill: Drill, place: Path, tmp_path: Path) -> None:
    found = drill(folder(place, transfer_mbit="100"), code=0)
    counts = found["by"]["ldap"]["counts"]
    assert counts["accounts"] == 25
    once = ("resources", "domains", "servers", "lists", "aliases", "global")
    assert counts == {"accounts": 25, "cos": 2, **dict.fromkeys(once, 1)}
    tables_ = found["by"]["mariadb"]["counts"]
    assert tables_ == {"tables": 2, "databases": 2, "mailboxes": 200}
    assert found["by"]["account"]["counts"]["messages"] == 20
    assert all(len(part["sha256"]) == 64 for part in found["parts"])
    assert all(part["seconds"] > 0 for part in found["parts"])
    record = tmp_path / "state" / "backups" / "drills" / "f.json"
    assert record.stat().st_mode & 0o777 == 0o600
    assert json.loads(record.read_bytes())["parts"] == found["parts"]


def test_a_name_that_is_no_utf_8_is_told_of_and_remembered(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    (place / "2026-11-30").rename(place / os.fsdecode(b"\xff"))
    found = drill(folder(place), code=0)
    assert found["backup"] == "\\xff"
    assert all("\\xff" in part["source"] for part in found["parts"])
    record = tmp_path / "state" / "backups" / "drills" / "f.json"
    assert json.loads(record.read_bytes())["parts"] == found["parts"]


def test_without_a_live_directory_a_whole_dump_is_not_known_to_be_whole(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was cut between two entries would restore as well."""
    monkeypatch.setattr("zmward.engine.drill._live", lambda *_: None)
    part = drill(folder(place), "--only", "ldap", code=3)["by"]["ldap"]
    assert part["state"] == "unknown"
    assert "could not be asked" in part["text"]


@pytest.mark.parametrize(
    ("length", "words"), [(-40, "breaks off"), (-900, "breaks off"), (0, "is empty")]
)
def test_a_cut_ldif_is_found(
    drill: Drill, place: Path, length: int, words: str
) -> None:
    ldif = place / "2026-11-30" / "ldap.bak"
    ldif.write_bytes(ldif.read_bytes()[:length] if length else b"")
    part = drill(folder(place), "--only", "ldap", code=1)["by"]["ldap"]
    assert words in part["text"]


def test_an_ldif_that_lacks_what_zimbra_needs_is_found(
    drill: Drill, place: Path
) -> None:
    whole = directory()
    start = whole.index(b"dn: cn=mail.example.test")
    end = whole.index(b"\n\n", start) + 2
    (place / "2026-11-30" / "ldap.bak").write_bytes(whole[:start] + whole[end:])
    part = drill(folder(place), "--only", "ldap", code=1)["by"]["ldap"]
    assert "no servers" in part["text"]


def test_entries_without_their_parent_are_found(drill: Drill, place: Path) -> None:
    whole = directory() + (
        b"dn: cn=child,cn=gone,cn=zimbra\nobjectClass: zimbraCOS\ncn: child\n\n"
    )
    (place / "2026-11-30" / "ldap.bak").write_bytes(whole)
    drill(folder(place), "--only", "ldap", code=1)


def test_a_damaged_entry_is_found(drill: Drill, place: Path) -> None:
    ldif = place / "2026-11-30" / "ldap.bak"
    ldif.write_bytes(ldif.read_bytes().replace(b"sn: 7", b"zimbraNone: 7"))
    part = drill(folder(place), "--only", "ldap", code=1)["by"]["ldap"]
    assert "slapadd refuses it" in part["text"]


def test_without_a_schema_it_is_unknown(drill: Drill, place: Path) -> None:
    (place / "2026-11-30" / "ldap-config.bak").unlink()
    part = drill(folder(place), "--only", "ldap", code=3)["by"]["ldap"]
    assert "schema" in part["text"]
    assert "zmslapcat -c" in part["step"]


@pytest.mark.parametrize("cut", [40, 200, 20_000])
def test_a_cut_dump_is_found(drill: Drill, place: Path, cut: int) -> None:
    dump = place / "2026-11-30" / "mysql.sql.gz"
    dump.write_bytes(gzip.compress(tables()[:-cut]))
    assert drill(folder(place), "--only", "mariadb", code=1)
    dump.write_bytes(gzip.compress(tables())[: -min(cut, 900)])
    part = drill(folder(place), "--only", "mariadb", code=1)["by"]["mariadb"]
    assert "breaks off" in part["text"]


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        (("`zimbra`", "`shop`"), "unknown", "no zimbra.mailbox"),
        ((",1,'account-", ",7,'account-"), "bad", "1 groups"),
        (("INSERT INTO `mailbox`", "-- "), "bad", "none of the mailboxes"),
        (("-- Dump completed", "-- Dump completed?\n-- "), "bad", "breaks off"),
        (("UNLOCK TABLES;", "exit\n"), "bad", ""),
    ],
    ids=["another's", "a group is lacking", "no mailboxes", "no end", "an exit"],
)
def test_a_dump_that_brings_no_mailboxes_back_is_found(
    drill: Drill, place: Path, change: tuple[str, str], state: str, words: str
) -> None:
    old, new = change
    dump = place / "2026-11-30" / "mysql.sql.gz"
    text = tables().decode()
    assert old in text
    dump.write_bytes(gzip.compress(text.replace(old, new).encode()))
    part = drill(folder(place), "--only", "mariadb")["by"]["mariadb"]
    assert (part["state"], words in part["text"]) == (state, True), part


def test_a_dump_that_means_harm_can_do_none(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    aim = tmp_path / "aim"
    aim.mkdir(mode=0o777)
    aim.chmod(0o777)
    tmp_path.chmod(0o755)
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("a secret", "utf-8")
    own = (
        f"\\! id > {aim}/by-client\nsystem cat {secret} > {aim}/stolen\n"
        f"SELECT 'x' INTO OUTFILE '{aim}/by-server';\n"
    )
    (place / "2026-11-30" / "mysql.sql.gz").write_bytes(own.encode() + tables())
    part = drill(folder(place), "--only", "mariadb")["by"]["mariadb"]
    assert part["state"] == "bad"
    assert list(aim.iterdir()) == []


@pytest.mark.proof
def test_a_file_without_an_end_takes_no_memory_of_the_host(
    drill: Drill, place: Path
) -> None:
    """An LDIF may name a file as a value, and slapadd reads that."""
    ldif = place / "2026-11-30" / "ldap.bak"
    ldif.write_bytes(directory().replace(b"sn: 7\n", b"sn:< file:///dev/zero\n"))
    part = drill(folder(place), "--only", "ldap", code=1)["by"]["ldap"]
    assert "slapadd refuses it" in part["text"]


def test_programs_of_a_drill_are_bounded(base: Path) -> None:
    with Scratch(str(base)) as scratch:
        asked = scratch.start(
            ("cat", "/proc/self/limits"),
            place=scratch.room("x"),
            out=subprocess.PIPE,
        )
        text = asked.communicate()[0].decode()
    rows = {row[:25].strip(): row[25:].split()[:2] for row in text.splitlines()}
    assert rows["Max core file size"] == ["0", "0"]
    assert rows["Max data size"] == [f"{2 << 30}"] * 2
    assert rows["Max processes"] == ["200", "200"]


@pytest.mark.parametrize("cut", [1, 300])
def test_a_cut_account_is_found(drill: Drill, place: Path, cut: int) -> None:
    archive = place / "2026-11-30" / "joe@example.test.tgz"
    archive.write_bytes(account()[:-cut])
    part = drill(folder(place), "--only", "account", code=1)["by"]["account"]
    assert "breaks off" in part["text"]


def test_an_account_that_leads_outside_is_found_and_writes_nothing(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    archive = place / "2026-11-30" / "joe@example.test.tgz"
    name = f"../../../../../../../..{tmp_path}/written"
    archive.write_bytes(tgz([entry(name), entry("Inbox/1.eml")]))
    part = drill(folder(place), "--only", "account", code=1)["by"]["account"]
    assert "outside" in part["text"]
    assert not (tmp_path / "written").exists()


def test_a_link_in_the_folder_is_not_followed(drill: Drill, place: Path) -> None:
    archive = place / "2026-11-30" / "joe@example.test.tgz"
    archive.rename(place.parent / "elsewhere.tgz")
    archive.symlink_to(place.parent / "elsewhere.tgz")
    part = drill(folder(place), "--only", "account", code=3)["by"]["account"]
    assert "holds no file" in part["text"]


def test_a_failed_drill_is_remembered_and_one_of_some_parts_not(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    record = tmp_path / "state" / "backups" / "drills" / "f.json"
    drill(folder(place), "--only", "account", code=0)
    assert not record.exists()
    (place / "2026-11-30" / "ldap.bak").write_bytes(directory()[:-9])
    drill(folder(place), code=1)
    assert '"bad"' in record.read_text("utf-8")


def test_a_drill_that_told_nothing_takes_no_place(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    record = tmp_path / "state" / "backups" / "drills" / "f.json"
    drill(folder(place), code=0)
    before = record.read_bytes()
    empty = tmp_path / "some"
    (empty / "2026-11-30").mkdir(parents=True)
    drill(folder(empty), code=3)
    assert record.read_bytes() == before


def test_a_message_that_zimbra_could_not_read_makes_an_account_bad(
    drill: Drill, place: Path
) -> None:
    rows = [entry("Inbox/1.eml.meta"), entry("Inbox/1.eml"), entry("Inbox/1.eml.err")]
    (place / "2026-11-30" / "joe@example.test.tgz").write_bytes(tgz(rows))
    part = drill(folder(place), "--only", "account", code=1)["by"]["account"]
    assert "found 1 of its messages damaged" in part["text"]


@pytest.mark.parametrize(
    ("accounts", "state", "words"),
    [
        ((Account("joe@example.test"),), "well", "every checksum holds"),
        (
            (Account("joe@example.test"), Account("ann@example.test")),
            *("bad", "but 1 accounts have no archive: ann@example.test"),
        ),
        ((Account("ann@example.test"),), "well", "not compared"),
        (None, "well", "no directory answers"),
    ],
)
def test_archives_are_held_against_the_accounts_of_the_directory(
    drill: Drill,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    accounts: tuple[Account, ...] | None,
    state: str,
    words: str,
) -> None:
    monkeypatch.setattr("zmward.engine.drill_coverage.live", lambda *_: accounts)
    part = drill(folder(place), "--only", "account")["by"]["account"]
    assert (part["state"], words in part["text"]) == (state, True), part


def test_the_account_can_be_chosen(drill: Drill, place: Path) -> None:
    own = place / "2026-11-30"
    (own / "account-o%27neill@example.test.tgz").write_bytes(account(3))
    words = ("--only", "account", "--account", "o'neill@*")
    part = drill(folder(place), *words, code=0)["by"]["account"]
    assert part["counts"]["messages"] == 3
    assert drill(folder(place), "--only", "account", "--account", "x@*", code=3)


def test_a_part_that_was_left_behind_does_not_pass_for_a_new_one(
    drill: Drill, place: Path
) -> None:
    """Nobody dumps any more, and the last file still lies there."""
    (place / "2026-11-30" / "joe@example.test.tgz").rename(place / "joe.tgz")
    os.utime(place / "joe.tgz", (time.time() - 20 * 86_400,) * 2)
    part = drill(folder(place), "--only", "account", code=3)["by"]["account"]
    assert "20 days behind" in part["text"]


def test_an_old_dump_in_a_new_backup_does_not_pass_for_a_new_one(
    drill: Drill, place: Path
) -> None:
    """Nobody dumps any more, and the last file goes into each backup."""
    for name in ("mysql.sql.gz", "joe@example.test.tgz"):
        os.utime(place / "2026-11-30" / name, (time.time() - 20 * 86_400,) * 2)
    found = drill(folder(place), code=3)["by"]
    assert "20 days behind" in found["mariadb"]["text"]
    assert "20 days behind" in found["account"]["text"]
    assert found["ldap"]["state"] == "well"


def test_of_several_dumps_in_a_backup_the_last_one_counts(
    drill: Drill, place: Path
) -> None:
    own = place / "2026-11-30"
    (own / "ldap.bak").rename(own / "ldap.bak.20261129010000")
    os.utime(own / "ldap.bak.20261129010000", (time.time() - 86_400,) * 2)
    (own / "ldap.bak").write_bytes(directory()[:-300])
    part = drill(folder(place), "--only", "ldap", code=1)["by"]["ldap"]
    assert part["source"].endswith("/ldap.bak")


@pytest.mark.proof
@needs_restic
@needs_borg
def test_an_old_dump_in_a_new_snapshot_does_not_pass_for_a_new_one(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    old = place / "2026-11-30" / "mysql.sql.gz"
    os.utime(old, (time.time() - 20 * 86_400,) * 2)
    restic, borg = Restic(tmp_path), Borg(tmp_path)
    restic.backup(place)
    borg.backup("a-1", place)
    for copy in (restic.toml(), borg.toml()):
        part = drill(copy, "--only", "mariadb", code=3)["by"]["mariadb"]
        assert "20 days behind" in part["text"]


def test_what_is_missing_is_unknown(drill: Drill, tmp_path: Path) -> None:
    empty = tmp_path / "some"
    (empty / "2026-11-30").mkdir(parents=True)
    states = {p["subject"]: p["state"] for p in drill(folder(empty), code=3)["parts"]}
    assert set(states.values()) == {"unknown"}
    assert drill(folder(tmp_path / "gone"), code=1)["by"]["ldap"]["state"] == "bad"


@pytest.mark.proof
@needs_restic
def test_a_repository_of_restic_restores(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    restic = Restic(tmp_path)
    restic.backup(place)
    assert drill(restic.toml(), code=0)["by"]["ldap"]["counts"]["accounts"] == 25
    packs = [p for p in (restic.place / "data").rglob("*") if p.is_file()]
    for pack in packs:
        pack.chmod(0o600)
        pack.write_bytes(b"\0" * pack.stat().st_size)
    drill(restic.toml(), code=1)


@needs_borg
def test_a_repository_of_borg_restores(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    borg = Borg(tmp_path)
    borg.backup("mail-1", place)
    assert drill(borg.toml(), code=0)["by"]["mariadb"]["counts"]["tables"] == 2


@pytest.mark.parametrize(
    "where", ["/opt/zimbra", "/opt/zimbra/backup", "/proc/none", "/etc/passwd"]
)
def test_nothing_is_restored_where_it_must_not_be(
    drill: Drill, place: Path, tmp_path: Path, where: str
) -> None:
    del drill
    path = tmp_path / "odd.toml"
    path.write_text(f'[backups]\nscratch = "{where}"\n{folder(place)}', "utf-8")
    assert dispatch(["backup", "drill", "--profile", str(path)]) == 4


def test_a_scratch_that_others_can_swap_is_refused(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    del drill
    open_ = tmp_path / "open"
    open_.mkdir()
    open_.chmod(0o777)
    path = tmp_path / "odd.toml"
    path.write_text(f'[backups]\nscratch = "{open_}"\n{folder(place)}', "utf-8")
    assert dispatch(["backup", "drill", "--profile", str(path)]) == 4


def test_too_little_room_is_unknown(base: Path, drill: Drill, place: Path) -> None:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100m", "none", base], check=True
    )
    try:
        found = drill(folder(place))
        states = {p["subject"]: p["state"] for p in found["parts"]}
        assert states == {"ldap": "unknown", "mariadb": "unknown", "account": "well"}
        assert "are needed" in found["by"]["ldap"]["text"]
    finally:
        subprocess.run(["umount", base], check=True)


def test_what_runs_in_a_scratch_writes_nowhere_else(base: Path) -> None:
    name = f"zmward-test-{os.getpid()}"
    out = [Path(place, name) for place in ("/tmp", "/var/tmp", "/dev/shm", base)]
    base.chmod(0o1777)
    before = Path("/proc/self/mounts").read_text("utf-8")
    with Scratch(str(base)) as scratch:
        place = scratch.room("x")
        tries = "; ".join(f"echo 1 >{path}" for path in out)
        own = scratch.start(("sh", "-c", f"{tries}; echo 1 >here; ls"), place=place)
        own.communicate(timeout=30)
        assert [path.name for path in place.iterdir()] == ["here"]
        assert Path("/proc/self/mounts").read_text("utf-8") == before
    left = [path for path in out if path.exists()]
    for path in left:
        path.unlink()
    assert left == []
    base.chmod(0o755)


def test_servers_that_could_not_be_shut_in_are_told_of(
    drill: Drill, place: Path, tmp_path: Path
) -> None:
    """Without CAP_SYS_ADMIN, as in a container, the kernel takes nothing from them."""
    assert drill(folder(place), code=0)["notes"] == []
    without = ("setpriv", "--inh-caps=-sys_admin", "--bounding-set=-sys_admin", "--")
    words = [*without, sys.executable, "-c", "from zmward.cli.main import run; run()"]
    words += ["backup", "drill", "--profile", str(tmp_path / "profile.toml")]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    said = " ".join(done.stdout.split())
    assert "refuses to take the network" in said, done.stderr
    assert "refuses them mounts of their own" in said
    got = subprocess.run((*words, "--json"), capture_output=True, check=False)
    notes = json.loads(got.stdout)["notes"]
    assert len(notes) == 2
    record = tmp_path / "state" / "backups" / "drills" / "f.json"
    assert json.loads(record.read_bytes())["notes"] == notes
    # What starts no program needs no cage.
    got = subprocess.run(
        (*words, "--json", "--only", "account"), capture_output=True, check=False
    )
    assert json.loads(got.stdout)["notes"] == []


def test_a_dump_that_never_ends_holds_nobody_up(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zmward.engine.drill_part._PATIENCE", 2.0)
    own = b"SELECT SLEEP(40);\n"
    (place / "2026-11-30" / "mysql.sql.gz").write_bytes(own + tables())
    began = time.monotonic()
    found = drill(folder(place), "--only", "mariadb,account", code=3)
    assert time.monotonic() - began < 30
    assert "busy" in found["by"]["mariadb"]["text"]
    assert found["by"]["account"]["state"] == "well"


def test_a_directory_that_never_answers_is_not_known_to_be_bad(
    drill: Drill, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zmward.engine.drill_ldap._ANSWER", 1)
    waiting = ("/bin/sh", "-c", "sleep 40")
    real = Scratch.start

    def start(self: Scratch, argv: tuple[str, ...], **more: Any) -> Any:
        asked = waiting if "(objectClass=*)" in argv else argv
        return real(self, asked, **more)

    monkeypatch.setattr(Scratch, "start", start)
    began = time.monotonic()
    part = drill(folder(place), "--only", "ldap", code=3)["by"]["ldap"]
    assert time.monotonic() - began < 30
    assert "does not answer in time" in part["text"]


def test_no_program_gets_away_by_not_being_there_when_one_looks(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that forks and ends, over and over, is in no list of processes for long."""
    scratch = Scratch(str(base))
    behind = "setsid sleep 60 & echo"
    own = scratch.start(("sh", "-c", behind), place=scratch.room("x"))
    own.wait(30)
    assert _ours(str(scratch.user))
    real = Path.glob
    with monkeypatch.context() as hidden:
        hidden.setattr(
            Path, "glob", lambda at, *w: () if str(at) == "/proc" else real(at, *w)
        )
        scratch._left()
    end = time.monotonic() + 5
    while time.monotonic() < end and _running(scratch.user):
        time.sleep(0.05)
    left = _running(scratch.user)
    scratch.close()
    assert left == []


def _running(user: int) -> list[str]:
    """Return the processes of a user that have not ended, if nobody reaps them."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            text = status.read_text("utf-8", "replace")
            if f"\nUid:\t{user}\t" in text and "\nState:\tZ" not in text:
                found.append(text)
    return found


def test_what_programs_complain_fills_no_other_disk_than_the_scratch(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    with Scratch(str(base)) as scratch:
        own = Fed(scratch, ("sh", "-c", "cat; echo no >&2; exit 1"), scratch.room("x"))
        assert own.take(iter((b"x",))) == (1, "no")


@pytest.mark.proof
def test_a_dump_that_grows_within_the_server_does_not_fill_the_disk(
    base: Path, drill: Drill, place: Path
) -> None:
    rows = "INSERT INTO `mailbox` SELECT id+{0},1,'a',comment FROM `mailbox`;\n"
    grown = "".join(rows.format(200 << turn) for turn in range(18))
    text = tables().decode().replace("UNLOCK TABLES;\n", "UNLOCK TABLES;\n" + grown, 1)
    (place / "2026-11-30" / "mysql.sql.gz").write_bytes(gzip.compress(text.encode()))
    least: list[int] = []

    def look() -> None:
        while not over.wait(0.05):
            least.append(os.statvfs(base).f_bavail >> 8)

    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=620m", "none", base], check=True
    )
    over = threading.Event()
    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        part = drill(folder(place), "--only", "mariadb")["by"]["mariadb"]
        assert part["state"] == "unknown", part
    finally:
        over.set()
        watcher.join()
        subprocess.run(["umount", base], check=True)
    assert min(least) > 32, "MiB left"


def _ours(user: str) -> list[str]:
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text("utf-8", "replace")
        except OSError:
            continue
        if f"\nUid:\t{user}\t" in text:
            found.append(text.partition("\n")[0])
    return found


@pytest.mark.parametrize(
    "how",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.proof),
        pytest.param(signal.SIGINT, marks=pytest.mark.proof),
    ],
)
def test_killed_it_leaves_nothing_behind(
    base: Path, place: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """A fifo as the dump keeps the server waiting until we are killed."""
    big = tables(50_000)
    (place / "2026-11-30" / "mysql.sql.gz").write_bytes(big * 40)
    path = tmp_path / "profile.toml"
    path.write_text(f'[backups]\nscratch = "{base}"\n{folder(place)}', "utf-8")
    words = [sys.executable, "-c", "from zmward.cli.main import run; run()", "backup"]
    words += ["drill", "--profile", str(path), "--only", "mariadb"]
    environment = {**os.environ, "ZMWARD_STATE": str(tmp_path / "state")}
    with subprocess.Popen(words, env=environment, stdout=-3, stderr=-3) as process:
        end = time.monotonic() + 60
        user = ""
        while time.monotonic() < end and not user:
            time.sleep(0.1)
            for room in base.glob("zmward-drill-*/mariadb/s"):
                user = str(room.lstat().st_uid)
        assert user
        assert _ours(user)
        time.sleep(1)
        process.send_signal(how)
        process.wait(60)
    end = time.monotonic() + 30
    while time.monotonic() < end and (list(base.iterdir()) or _ours(user)):
        time.sleep(0.2)
    assert _ours(user) == []
    assert list(base.iterdir()) == []
