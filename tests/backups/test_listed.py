"""What find, du, restic and borg print is read, or refused as unreadable."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.backup_places import Copy
from zmward.backups import folder, repository
from zmward.sources.source import Unreadable

FOLDER = Copy(name="a", kind="folder", place="/srv/a")
RESTIC = Copy(name="r", kind="restic", place="/srv/r", password_file="/etc/p")
BORG = Copy(name="b", kind="borg", place="/srv/b")


def test_a_place_with_a_password_is_refused() -> None:
    """It would be an argument of programs, and stand in every report."""
    place = "rest:https://me:s3cret@vault.example.net:8000/x"
    with pytest.raises(ValueError, match="environment-file") as caught:
        Copy(name="r", kind="restic", place=place, password_file="/etc/p")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "place",
    [
        "rest:https://vault.example.net:8000/x@y:z",
        "ssh://me@vault.example.net:22/srv/borg",
        "sftp:me@vault.example.net:/srv/mail",
    ],
)
def test_a_place_without_a_password_is_one(place: str) -> None:
    assert Copy(name="r", kind="restic", place=place, password_file="/etc/p")


def test_names_may_hold_anything() -> None:
    printed = b"".join((b"1764500000.5 f 12 a\n b\0", b"17.0 d 4096 \xff\x1b[31m\0"))
    one, two = folder.entries(printed)
    assert (one.name, one.size, one.modified) == ("a\n b", 12, 1764500000)
    assert two.kind == "d"
    listing = folder.files(FOLDER, (one, two), {two.name: 77})
    assert [b.size for b in listing.backups] == [12, 77]


@pytest.mark.parametrize("printed", [b"x\0", b"1 f 2\0", b"1764500000.5 f 12 a"])
def test_what_is_no_list_is_unreadable(printed: bytes) -> None:
    with pytest.raises(Unreadable):
        folder.entries(printed)


def test_links_and_half_written_files_are_no_backups() -> None:
    printed = b"".join(
        b"1764500000.0 %s 5 %s\0" % (kind, name)
        for kind, name in [
            *((b"l", b"latest"), (b"f", b"a.tgz.part"), (b"d", b"lost+found")),
            *((b"f", b".hidden"), (b"p", b"pipe"), (b"f", b"a.tgz")),
        ]
    )
    listing = folder.files(FOLDER, folder.entries(printed), {})
    assert [b.name for b in listing.backups] == ["a.tgz"]


def test_sessions_are_dated_by_their_label() -> None:
    printed = (
        b"9.0 d 1 full-20100520.145918.061\0"
        b"9.0 d 1 incr-20100521.145918.061\0"
        b"9.0 d 1 full-20109999.145918.061\0"
        b"9.0 f 1 accounts.xml\0"
    )
    copy = Copy(name="n", kind="ne-sessions", place="/opt/zimbra/backup/sessions")
    finished = ("full-20100520.145918.061",)
    listing = folder.sessions(copy, folder.entries(printed), {}, finished)
    assert [(b.part, b.whole) for b in listing.backups] == [
        ("incr", False),
        ("full", True),
    ]
    assert listing.backups[1].when == 1274367558.0


def snapshot(**more: object) -> dict[str, object]:
    return {
        "id": "ab",
        "time": "2026-11-30T09:00:00.123456789+01:00",
        "hostname": "mail",
        "paths": ["/opt/zimbra"],
        **more,
    }


def test_snapshots_of_restic_are_read() -> None:
    found = repository.snapshots(json.dumps([snapshot()]).encode())
    listing = repository.of_restic(RESTIC, found, {"ab": 5})
    (one,) = listing.backups
    assert one.size == 5
    assert one.when == pytest.approx(1796025600.123456, abs=1e-3)
    assert listing.encrypted is True
    assert repository.snapshots(b"null") == ()


def test_another_hosts_snapshots_are_not_ours() -> None:
    mine = Copy(name="r", kind="restic", place="/r", password_file="/p", host="mail")
    rows = [snapshot(), snapshot(id="cd", hostname="web")]
    found = repository.snapshots(json.dumps(rows).encode())
    assert [b.name for b in repository.of_restic(mine, found, {}).backups] == ["ab"]
    series = {b.series for b in repository.of_restic(RESTIC, found, {}).backups}
    assert len(series) == 2


def test_a_run_of_ours_counts_by_its_last_snapshot() -> None:
    piece = snapshot(id="p", paths=["/ldap.ldif"], tags=["zmward", "run-x"])
    last = snapshot(
        id="l", paths=["/zmward-run.json"], tags=["zmward", "run-x", "bytes-77"]
    )
    found = repository.snapshots(json.dumps([piece]).encode())
    assert repository.of_restic(RESTIC, found, {}).backups == ()
    found = repository.snapshots(json.dumps([piece, last]).encode())
    (one,) = repository.of_restic(RESTIC, found, {}).backups
    assert (one.name, one.size, one.whole) == ("l", 77, True)


@pytest.mark.parametrize(
    ("mode", "encrypted"),
    [("repokey-blake2", True), ("none", False), ("authenticated", False)],
)
def test_archives_of_borg_are_read(mode: str, *, encrypted: bool) -> None:
    said = {
        "archives": [
            {"name": "mail-2026-11-30", "start": "2026-11-30T08:00:00.000000"},
            {"name": "mail-2026-11-29.checkpoint", "start": "2026-11-29T08:00:00.0"},
        ],
        "encryption": {"mode": mode},
        "repository": {},
    }
    listing = repository.of_borg(BORG, repository.archives(json.dumps(said).encode()))
    assert [b.name for b in listing.backups] == ["mail-2026-11-30"]
    assert listing.backups[0].when == 1796025600.0
    assert listing.encrypted is encrypted


@given(st.binary())
def test_any_bytes_are_read_or_unreadable(noise: bytes) -> None:
    for read in (
        folder.entries,
        folder.used,
        repository.snapshots,
        repository.archives,
    ):
        try:
            read(noise)
        except Unreadable:
            pass
    repository.restored(noise)


@pytest.mark.parametrize(
    "time", ["", "yesterday", "2026-13-01T00:00:00Z", "9999999-01-01"]
)
def test_what_is_no_time_is_unreadable(time: str) -> None:
    with pytest.raises(Unreadable):
        repository.when(time)
