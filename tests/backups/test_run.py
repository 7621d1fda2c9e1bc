"""`zmward backup run` stores all of it or says what is missing; nothing half counts."""

import fcntl
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
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.backups.admin_port import Exports, serving
from tests.backups.archives import account
from tests.backups.engines import Borg, Restic, needs_borg, needs_restic, secret
from tests.backups.zimbra_dump import config, directory
from tests.engine.zimbra_home import Watched, make, stranger, trust
from zmward.backup_places import Copy
from zmward.backups.ldif_count import schema_of
from zmward.backups.run import BackupRun, Mailbox, named
from zmward.cli.main import dispatch
from zmward.doors import backup_sinks
from zmward.doors.backup_sinks import Label, Sink
from zmward.doors.host import Done, Local
from zmward.doors.zimbra_host import Survey, ZimbraHost
from zmward.engine.backup_listing import listed
from zmward.engine.backup_run import Wanted, back_up
from zmward.engine.directory_due import databases_due, directory_due
from zmward.engine.drill_ldap import _config
from zmward.errors import Failed, Refused, Unreachable, Usage, ZmwardError
from zmward.sources.localconfig import Localconfig

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="a backup needs root"),
    pytest.mark.skipif(
        any(shutil.which(n) is None for n in ("curl", "slapadd", "slapcat", "setpriv")),
        reason="needs curl and slapd",
    ),
]
HOST = "mail.example.test"
NAMES = ("joe@example.test", "ann@example.test", "o'neill+x@example.test")
SEARCH = """\
#!/bin/sh
cat >/dev/null
case $* in
    *zimbraMailHost*) cat {people} ;;
    *) printf 'dn: cn={host},cn=servers,cn=zimbra\\nzimbraAdminPort: {port}\\n\\n' ;;
esac
"""
Start = Callable[..., BackupRun]


def people() -> str:
    rows = []
    for number, name in enumerate(NAMES):
        uid = name.partition("@")[0]
        rows.append(
            f"dn: uid={uid},ou=people,dc=example,dc=test\n"
            f"zimbraId: id-{number}\nmail: {name}\n\n"
        )
    return "".join(rows)


@pytest.fixture
def exports() -> Exports:
    ids = {f"id-{number}": name for number, name in enumerate(NAMES)}
    found: dict[str, bytes | int] = {
        NAMES[0]: account(40, 50_000),
        NAMES[1]: 204,
        NAMES[2]: account(3),
    }
    return Exports(found, ids)


def _directory(home: Path) -> None:
    """Make a real database of slapd's where Zimbra has its own."""
    data, place = home / "data/ldap/mdb/db", home / "data/ldap/config"
    data.mkdir(parents=True)
    place.mkdir()
    schema = schema_of(config())
    own = _config(schema, "/usr/sbin/slapd", data, 64 << 20)
    where = ("-F", str(place))
    for number, content in (("0", own), ("1", directory())):
        words = ["slapadd", "-n", number, *where]
        subprocess.run(words, input=content, check=True, capture_output=True)
    (home / "common/sbin").mkdir(parents=True)
    (home / "common/sbin/slapcat").symlink_to(shutil.which("slapcat") or "")


@pytest.fixture
def home(tmp_path: Path, exports: Exports) -> Iterator[Path]:
    keystore = stranger(tmp_path / "keys")
    key, certificate = tmp_path / "keys/key", tmp_path / "keys/crt"
    with serving(exports, key, certificate) as port:
        place = tmp_path / "home"
        place.mkdir()
        made = make(place, port, keystore)
        trust(made, certificate)
        (tmp_path / "people").write_text(people(), "utf-8")
        search = made / "common/bin/ldapsearch"
        text = SEARCH.format(people=tmp_path / "people", host=HOST, port=port)
        search.write_text(text, "utf-8")
        (made / "ssl").mkdir()
        (made / "ssl/server.key").write_text("a private key", "utf-8")
        _directory(made)
        yield made


@pytest.fixture
def start(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., BackupRun]:
    monkeypatch.setenv("ZMWARD_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BORG_BASE_DIR", str(tmp_path / "borg-base"))
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))

    def run(copy: Copy, **more: object) -> BackupRun:
        wanted = Wanted(datetime.now(UTC), "0", **more)  # type: ignore[arg-type]  # fields by name
        host = ZimbraHost(Local(), str(home), "")
        return back_up(host, copy, wanted, lambda *_: None)

    return run


def restic_copy(restic: Restic) -> Copy:
    return Copy("r", "restic", str(restic.place), str(restic.password))


def outcomes(told: BackupRun) -> dict[str, str]:
    return {piece.name: piece.outcome for piece in told.pieces}


@pytest.mark.proof
@needs_restic
def test_everything_is_stored_and_counts_as_a_backup(
    start: Start, tmp_path: Path, exports: Exports
) -> None:
    restic = Restic(tmp_path)
    copy = restic_copy(restic)
    exports.expire_once = True
    told = start(copy)
    assert outcomes(told) == {
        "ldap.ldif": "stored",
        "ldap-config.ldif": "stored",
        "config": "stored",
        "mariadb.sql": "empty",
        "account-joe@example.test.tgz": "stored",
        "account-ann@example.test.tgz": "empty",
        "account-o%27neill+x@example.test.tgz": "stored",
    }
    assert told.whole
    (backup,) = listed(Local(), copy).backups
    assert backup.whole
    assert backup.size == told.bytes
    assert len(backup.pieces) == 6
    ids = json.loads(restic.run("snapshots", "--json"))
    by = {one["paths"][0].rpartition("/")[2]: one["id"] for one in ids}
    dumped = restic.run("dump", by["ldap.ldif"], "/ldap.ldif")
    assert dumped.count("dn: ") == directory().count(b"dn: ")
    told_again = json.loads(
        restic.run("dump", by["zmward-run.json"], "/zmward-run.json")
    )
    assert told_again["run"] == told.run
    restic.run("check", "--read-data")


@pytest.mark.proof
@needs_restic
def test_what_was_stored_passes_a_drill(
    start: Start,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    restic = Restic(tmp_path)
    start(restic_copy(restic))
    profile = tmp_path / "profile.toml"
    profile.write_text(f"[backups]\nmariadb = []\n{restic.toml()}", "utf-8")
    words = ["backup", "drill", "--profile", str(profile), "--json"]
    assert dispatch(words) == 0, capsys.readouterr().out
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert [part["subject"] for part in parts] == ["ldap", "account"]


@needs_borg
def test_everything_is_stored_by_borg(start: Start, tmp_path: Path) -> None:
    borg = Borg(tmp_path)
    copy = Copy("b", "borg", str(borg.place), str(borg.password))
    told = start(copy)
    assert told.whole
    (backup,) = listed(Local(), copy).backups
    assert (backup.whole, backup.size) == (True, told.bytes)
    assert len(backup.pieces) == 6
    borg.run("check", "--verify-data", str(borg.place))


@needs_restic
def test_an_export_that_breaks_off_is_not_stored(
    start: Start, tmp_path: Path, exports: Exports
) -> None:
    exports.broken = {NAMES[0]}
    exports.found[NAMES[2]] = 404
    restic = Restic(tmp_path)
    copy = restic_copy(restic)
    told = start(copy)
    assert not told.whole
    assert exports.ended == 1
    assert outcomes(told)["account-joe@example.test.tgz"] == "failed"
    assert outcomes(told)["account-o%27neill+x@example.test.tgz"] == "failed"
    names = restic.run("snapshots", "--json")
    assert "account-" not in names
    (backup,) = listed(Local(), copy).backups
    assert backup.whole is False
    assert not list((restic.place / "locks").iterdir())
    restic.run("check")


@needs_restic
def test_an_engine_that_leaves_its_lock_behind_locks_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when an interrupt comes while restic takes it."""
    monkeypatch.setitem(backup_sinks._STOPS, "restic", signal.SIGKILL)
    restic = Restic(tmp_path)
    sink = Sink(restic_copy(restic), Label("h", "1"), "config", "x")
    locks = restic.place / "locks"
    try:
        for _ in range(600):
            sink.give(b"x" * 100)
            # While restic writes it, it has a name that no run of restic looks at.
            if any("-tmp-" not in lock.name for lock in locks.iterdir()):
                break
            time.sleep(0.1)
    finally:
        sink.close()
    assert not list(locks.iterdir())
    restic.run("check")


@pytest.mark.proof
@needs_restic
def test_an_export_that_is_damaged_is_not_stored(
    start: Start, tmp_path: Path, exports: Exports
) -> None:
    whole = account(40, 50_000)
    exports.found[NAMES[0]] = gzip.compress(gzip.decompress(whole)[:60_000])
    told = start(restic_copy(Restic(tmp_path)), only=("accounts",))
    (text,) = [p.text for p in told.pieces if p.outcome == "failed"]
    assert "breaks off" in text


@pytest.mark.proof
@needs_restic
def test_some_parts_are_a_series_of_their_own(start: Start, tmp_path: Path) -> None:
    copy = restic_copy(Restic(tmp_path))
    start(copy, only=("ldap",))
    start(copy, accounts="joe@*")
    series = {backup.series for backup in listed(Local(), copy).backups}
    assert len(series) == 2


@pytest.mark.proof
@needs_borg
def test_some_accounts_are_no_backup_of_all(start: Start, tmp_path: Path) -> None:
    borg = Borg(tmp_path)
    copy = Copy("b", "borg", str(borg.place), str(borg.password))
    start(copy)
    start(copy, accounts="joe@*")
    told = start(copy, accounts="nobody@*")
    assert not told.whole
    series = {backup.series: backup.size for backup in listed(Local(), copy).backups}
    assert len(series) == 2
    assert series[f"zmward on {HOST}"] != min(s or 0 for s in series.values())


@pytest.mark.proof
@needs_borg
def test_pieces_that_were_removed_are_missed_by_a_drill(
    start: Start, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    borg = Borg(tmp_path)
    start(Copy("b", "borg", str(borg.place), str(borg.password)))
    profile = tmp_path / "profile.toml"
    profile.write_text(f"[backups]\nmariadb = []\n{borg.toml()}", "utf-8")
    words = ["backup", "drill", "--profile", str(profile), "--json"]
    assert dispatch(words) == 0, capsys.readouterr().out
    capsys.readouterr()
    names = borg.run("list", "--short", str(borg.place)).split()
    one = next(name for name in names if "account-" in name)
    borg.run("delete", f"{borg.place}::{one}")
    assert dispatch(words) == 1
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert {part["state"] for part in parts} == {"bad"}
    assert "pieces of its run are gone: account-" in parts[0]["text"]


@needs_restic
def test_what_lies_among_the_settings_takes_no_place_of_a_piece(
    start: Start, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """User zimbra writes there: a larger dump, an archive that is missing."""
    whole, archive = directory(), f"account-{NAMES[0]}.tgz"
    (home / "conf/ldap.ldif").write_bytes(whole + b"# " + b"x" * 9000 + b"\n\n")
    (home / "conf" / archive).write_bytes(account(90, 50_000))
    restic = Restic(tmp_path)
    start(restic_copy(restic))
    profile = tmp_path / "profile.toml"
    profile.write_text(f"[backups]\nmariadb = []\n{restic.toml()}", "utf-8")
    words = ["backup", "drill", "--profile", str(profile), "--json"]
    words += ["--account", NAMES[0]]
    assert dispatch(words) == 0, capsys.readouterr().out
    sources = [p["source"] for p in json.loads(capsys.readouterr().out)["parts"]]
    ends = [source.partition(": ")[2] for source in sources]
    assert ends == ["/ldap.ldif", f"/{archive}"]


@needs_restic
def test_a_dump_that_is_stopped_fails_and_the_rest_goes_on(
    start: Start, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zmward.doors.produced.SILENT", 1)
    slapcat = home / "common/sbin/slapcat"
    slapcat.unlink()
    slapcat.write_text("#!/bin/sh\necho 'dn: cn=x'\nkill -STOP $$\n", "utf-8")
    slapcat.chmod(0o755)
    told = start(restic_copy(Restic(tmp_path)), only=("ldap", "config"))
    by_name = {"ldap-config.ldif": "failed", "ldap.ldif": "failed", "config": "stored"}
    assert outcomes(told) == by_name
    assert "it stopped in the middle" in told.pieces[0].text


@needs_restic
def test_a_directory_whose_database_was_moved_is_missed(
    start: Start, home: Path, tmp_path: Path
) -> None:
    copy = restic_copy(Restic(tmp_path))
    (home / "data/ldap/mdb").rename(home / "data/ldap/elsewhere")
    assert outcomes(start(copy, only=("ldap",))) == {"ldap.ldif": "failed"}


@needs_restic
def test_a_directory_that_was_moved_whole_is_missed(
    start: Start, home: Path, tmp_path: Path
) -> None:
    """Its folder is user zimbra's; localconfig and the packages say more."""
    copy = restic_copy(Restic(tmp_path))
    (home / "data/ldap").rename(home / "data/moved")
    (piece,) = start(copy, only=("ldap",)).pieces
    assert piece.outcome == "failed"
    assert f"ldap_url names {HOST}" in piece.text
    local = home / "conf/localconfig.xml"
    own, other = f"ldap://{HOST}:389", "ldap://ldap.example.test:389"
    local.write_text(local.read_text("utf-8").replace(own, other), "utf-8")
    assert outcomes(start(copy, only=("ldap",))) == {"ldap.ldif": "empty"}


@needs_restic
def test_databases_that_were_moved_are_missed(
    start: Start, home: Path, tmp_path: Path
) -> None:
    """Their folder is user zimbra's, who may also have put it on another disk."""
    copy = restic_copy(Restic(tmp_path))
    assert outcomes(start(copy, only=("mariadb",))) == {"mariadb.sql": "empty"}
    (home / "conf/my.cnf").write_text("[mysqld]\ndatadir = /srv/mysql\n", "utf-8")
    told = start(copy, only=("mariadb",))
    assert outcomes(told) == {"mariadb.sql": "failed"}
    assert not told.whole


def _unanswered() -> int:
    raise Unreachable("nobody answers")


_NONE = Done(1)


@pytest.mark.parametrize(
    ("dpkg", "count", "words"),
    [
        (Done(0, b"installed"), lambda: 3, "3 mailboxes are here"),
        (Done(0, b"installed"), _unanswered, "not known: nobody answers"),
        (Done(2), lambda: 1, "could not be asked"),
        (Done(0, b"installed"), lambda: 0, ""),
        (_NONE, lambda: 3, ""),
    ],
)
def test_who_must_have_databases(
    dpkg: Done, count: Callable[[], int], words: str
) -> None:
    said = databases_due(ZimbraHost(Watched(instead=[dpkg, _NONE])), count)
    assert words in said if words else said == ""


@pytest.mark.parametrize(
    ("dpkg", "rpm", "keys", "words"),
    [
        (Done(0, b"installed"), Done(127), {}, "is installed"),
        (Done(127), Done(0, b"zimbra-ldap-10"), {}, "is installed"),
        (Done(2), Done(127), {}, "could not be asked"),
        (_NONE, _NONE, {"ldap_is_master": "true"}, "ldap_is_master"),
        (_NONE, _NONE, {"ldap_url": "ldap://A.test ldap://B.test:389"}, "names b.test"),
        (_NONE, _NONE, {"ldap_url": "ldap://a.test", "ldap_is_master": "false"}, ""),
        (Done(0, b"config-files"), _NONE, {"ldap_url": "ldap://[x"}, ""),
    ],
)
def test_who_must_have_a_directory(
    dpkg: Done, rpm: Done, keys: dict[str, str], words: str
) -> None:
    host = ZimbraHost(Watched(instead=[dpkg, rpm]))
    own = Localconfig({"zimbra_server_hostname": "b.test", **keys})
    said = directory_due(host, Survey(own, "", ()))
    assert words in said if words else said == ""


@needs_restic
@pytest.mark.parametrize(
    "other",
    [
        ("account", f"account-{NAMES[0]}.tgz", account(2)),
        ("ldap", "ldap.ldif", directory() + b"# another\n\n"),
    ],
)
def test_a_piece_that_took_the_place_of_another_is_found(
    start: Start,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    other: tuple[str, str, bytes],
) -> None:
    subject, name, content = other
    restic = Restic(tmp_path)
    run = start(restic_copy(restic)).run
    profile = tmp_path / "profile.toml"
    profile.write_text(f"[backups]\nmariadb = []\n{restic.toml()}", "utf-8")
    words = ["backup", "drill", "--profile", str(profile), "--json"]
    words += ["--only", subject, "--account", NAMES[0]]
    assert dispatch(words) == 0, capsys.readouterr().out
    capsys.readouterr()
    found = json.loads(restic.run("snapshots", "--json", "--tag", f"run-{run}"))
    (own,) = [one for one in found if one["paths"] == [f"/{name}"]]
    restic.run("forget", own["id"])
    file = tmp_path / "other"
    file.write_bytes(content)
    tags = ("--tag", "zmward", "--tag", f"run-{run}", "--host", HOST)
    stdin = ("--stdin", "--stdin-filename", name)
    command = ["restic", "--repo", str(restic.place), "--no-cache"]
    command += ["--password-file", str(restic.password), "backup", *stdin, *tags]
    with file.open("rb") as given:
        subprocess.run(command, stdin=given, check=True, capture_output=True)
    assert dispatch(words) == 1
    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert "not what its run stored" in part["text"]


@needs_restic
def test_a_piece_that_could_not_be_tried_is_not_called_another(
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    restic = Restic(tmp_path)
    start(restic_copy(restic))
    profile = tmp_path / "profile.toml"
    profile.write_text(f"[backups]\nmariadb = []\n{restic.toml()}", "utf-8")
    monkeypatch.setattr("zmward.engine.drill_ldap.programs", lambda: ("", "", ""))
    words = ["backup", "drill", "--profile", str(profile), "--json"]
    assert dispatch([*words, "--only", "ldap"]) == 3
    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert part["state"] == "unknown"
    assert "slapadd is not there" in part["text"]


@needs_borg
def test_nothing_is_left_out_silently(start: Start, home: Path, tmp_path: Path) -> None:
    with (tmp_path / "people").open("a", encoding="utf-8") as people_:
        people_.write("dn: cn=odd,dc=example,dc=test\nzimbraId: id-9\n\n")
        people_.write("dn: uid=no,ou=people,dc=example,dc=test\nmail: no@e.test\n\n")
    (home / "common/sbin/slapcat").unlink()
    (home / "ssl").rename(tmp_path / "ssl")
    (home / "ssl").symlink_to(tmp_path / "ssl")
    borg = Borg(tmp_path)
    told = start(Copy("b", "borg", str(borg.place), str(borg.password)))
    failed = {piece.name for piece in told.pieces if piece.outcome == "failed"}
    odd = "account-cn=odd%2Cdc=example%2Cdc=test.tgz"
    assert failed == {"ldap.ldif", "config", odd, "account-no@example.test.tgz"}


@needs_borg
@pytest.mark.proof
def test_a_mailbox_server_without_accounts_is_not_whole(
    start: Start, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "people").write_text("", "utf-8")
    borg = Borg(tmp_path)
    copy = Copy("b", "borg", str(borg.place), str(borg.password))
    assert start(copy).whole
    (home / "db/data").mkdir(parents=True)
    assert outcomes(start(copy))["accounts"] == "failed"


@needs_borg
def test_a_repository_that_was_swapped_for_a_plain_one_gets_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BORG_BASE_DIR", str(tmp_path / "borg-base"))
    borg = Borg(tmp_path, "none")
    shutil.rmtree(tmp_path / "borg-base")
    copy = Copy("b", "borg", str(borg.place), str(borg.password))
    sink = Sink(copy, Label(HOST, "20261130T000000Z-0000"), "config", "a")
    with pytest.raises(Failed):
        sink.finish()
    sink.close()
    assert not json.loads(borg.run("list", "--json", str(borg.place)))["archives"]


@pytest.mark.proof
@needs_restic
def test_a_directory_that_cannot_be_dumped_fails_and_the_rest_goes_on(
    start: Start, home: Path, tmp_path: Path
) -> None:
    (home / "common/sbin/slapcat").unlink()
    cut = home / "common/sbin/slapcat"
    cut.write_text("#!/bin/sh\nprintf 'dn: cn=a\\ncn: '\n", "utf-8")
    cut.chmod(0o755)
    restic = Restic(tmp_path)
    found = outcomes(start(restic_copy(restic)))
    assert found["ldap.ldif"] == "failed"
    assert found["config"] == "stored"
    assert "ldap.ldif" not in restic.run("snapshots", "--json")


@pytest.mark.proof
@needs_restic
def test_mailboxd_that_is_down_fails_the_accounts_alone(
    start: Start, home: Path, tmp_path: Path
) -> None:
    search = home / "common/bin/ldapsearch"
    text = search.read_text("utf-8")
    port = text.partition("zimbraAdminPort: ")[2].partition("\\n")[0]
    search.write_text(text.replace(f"Port: {port}", "Port: 1"), "utf-8")
    found = outcomes(start(restic_copy(Restic(tmp_path))))
    assert found["accounts"] == "failed"
    assert found["ldap.ldif"] == "stored"


@pytest.mark.proof
@needs_restic
def test_secrets_are_in_no_argument(
    start: Start, tmp_path: Path, exports: Exports
) -> None:
    """Every argument list that is seen while an account is exported is looked at."""
    exports.hold = threading.Event()
    exports.found[NAMES[0]] = account(20, 200_000, noise=True)
    seen: list[str] = []

    def look() -> None:
        exports.held.wait(60)
        time.sleep(1)
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.append(
                    path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                )
            except OSError:
                continue
        assert exports.hold is not None
        exports.hold.set()

    watcher = threading.Thread(target=look)
    watcher.start()
    start(restic_copy(Restic(tmp_path)), only=("accounts",))
    watcher.join()
    assert any("fmt=tgz" in line for line in seen)
    assert any("--stdin-filename" in line for line in seen)
    for word in ("0_for_", "0_admin", "a fine password", "ldap-secret"):
        assert not [line for line in seen if word in line and "pytest" not in line], (
            word
        )


def refused(start: Start, copy: Copy, kind: type[ZmwardError], words: str) -> None:
    with pytest.raises(kind, match=words):
        start(copy)


@needs_borg
@needs_restic
def test_a_copy_that_cannot_keep_secrets_is_refused(
    start: Start, tmp_path: Path
) -> None:
    borg = Borg(tmp_path, "none")
    plain = Copy("b", "borg", str(borg.place), str(borg.password))
    refused(start, plain, Refused, "not encrypted")
    refused(start, Copy("f", "folder", str(tmp_path)), Usage, "restic and")
    key = secret(tmp_path, "other", "wrong")
    restic = Restic(tmp_path)
    wrong = Copy("r", "restic", str(restic.place), str(key))
    refused(start, wrong, Refused, "does not open it")
    gone = Copy("r", "restic", str(tmp_path / "gone"), str(restic.password))
    refused(start, gone, Refused, "no repository")


@pytest.mark.proof
@needs_restic
def test_a_full_disk_fails_and_the_repository_stays_valid(
    start: Start, tmp_path: Path, exports: Exports
) -> None:
    exports.found[NAMES[0]] = account(20, 200_000, noise=True)
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk], check=True)
    try:
        restic = Restic(disk)
        copy = restic_copy(restic)
        noise = disk / "noise"
        noise.write_bytes(os.urandom(2_600_000))
        with pytest.raises(Failed):
            start(copy)
        noise.unlink()
        assert [b for b in listed(Local(), copy).backups if b.whole] == []
        restic.run("unlock")
        restic.run("check")
        assert start(copy, only=("ldap",)).whole
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.proof
@needs_restic
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_it_leaves_a_valid_repository(
    home: Path, tmp_path: Path, exports: Exports, how: signal.Signals
) -> None:
    exports.hold = threading.Event()
    exports.found[NAMES[0]] = account(20, 200_000, noise=True)
    restic = Restic(tmp_path)
    copy = restic_copy(restic)
    text = (
        "import sys\nfrom datetime import UTC, datetime\n"
        "from zmward.doors.host import Local\n"
        "from zmward.doors.zimbra_host import ZimbraHost\n"
        "from zmward.engine.backup_run import Wanted, back_up\n"
        "from zmward.backup_places import Copy\n"
        "copy = Copy('r', 'restic', sys.argv[2], sys.argv[3])\n"
        "host = ZimbraHost(Local(), sys.argv[1], '')\n"
        "wanted = Wanted(datetime.now(UTC), only=('accounts',), accounts='joe@*')\n"
        "back_up(host, copy, wanted, lambda *_: None)\n"
    )
    words = [sys.executable, "-c", text, str(home), copy.place, copy.password_file]
    own = {"ZMWARD_STATE": str(tmp_path / "state"), "RESTIC_CACHE_DIR": str(tmp_path)}
    with subprocess.Popen(words, env={**os.environ, **own}, stderr=-3) as process:
        assert exports.held.wait(60)
        time.sleep(1)
        process.send_signal(how)
        process.wait(60)
    exports.hold.set()
    place = str(restic.place).encode()
    end = time.monotonic() + 30
    while time.monotonic() < end and _running(place):
        time.sleep(0.2)
    assert not _running(place)
    assert [b for b in listed(Local(), copy).backups if b.whole] == []
    restic.run("check", "--read-data")


def _running(word: bytes) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes()
        except OSError:
            continue
        if word in text and str(os.getpid()) != path.parent.name:
            found.append(text.decode("utf-8", "replace"))
    return found


def test_two_runs_at_a_time_are_refused(start: Start, tmp_path: Path) -> None:
    lock = tmp_path / "state/backups/run.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refused(start, Copy("f", "folder", "/srv"), Refused, "works here")


def test_names_lead_nowhere() -> None:
    odd = Mailbox("../../etc/passwd@a\n b", "1")
    assert "/" not in odd.file
    assert "\n" not in odd.file
    assert odd.path == "/home/..%2F..%2Fetc%2Fpasswd@a%0A%20b/?fmt=tgz"
    assert named("uid=joe,ou=people,dc=example,dc=test", ()) == "joe@example.test"
    assert named("cn=odd", ("a@b",)) == "a@b"
    assert named("cn=odd", ()) == ""
