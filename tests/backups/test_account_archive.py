"""An account's archive restores, or is found not to; no archive can do harm."""

import gzip
import io
import os
import tarfile
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backups.archives import account, entry, packed, reader, tgz
from zmward.backups.account_archive import Broken, contents

WHOLE = account()


def test_items_are_counted() -> None:
    found = contents(reader(WHOLE))
    assert found.counts == {"items": 23, "messages": 20, "appointments": 1, "others": 1}
    assert found.doubtful == ()
    assert len(found.sha256) == 64


def test_messages_that_zimbra_found_damaged_are_counted() -> None:
    rows = [entry("Inbox/1.eml.meta"), entry("Inbox/1.eml"), entry("Inbox/1.eml.err")]
    assert contents(reader(tgz(rows))).counts["damaged"] == 1


@given(st.integers(0, len(WHOLE) - 1))
def test_a_cut_archive_is_always_found(length: int) -> None:
    with pytest.raises(Broken):
        contents(reader(WHOLE[:length]))


@given(st.integers(20, len(WHOLE) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_found_or_changes_nothing(place: int, flip: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[place] ^= flip
    try:
        found = contents(reader(bytes(damaged)))
    except Broken:
        return
    # Zeros may be copied from here or there, and a stream's last bits are read by none.
    assert found == contents(reader(WHOLE))


def test_an_archive_cut_within_its_compression_is_found() -> None:
    inner = packed(
        [entry("Inbox/1.eml", bytes(5000)), entry("Inbox/2.eml", bytes(5000))]
    )
    with pytest.raises(Broken, match="breaks off"):
        contents(reader(gzip.compress(inner[:7000])))


def _two() -> bytes:
    return packed([entry("Inbox/1.eml"), entry("Inbox/2.eml", bytes(512))])


@pytest.mark.parametrize(
    "inner",
    [
        _two()[:1024],
        _two()[:1124],
        _two()[:1024] + b"\xff" * 512 + _two()[1536:],
        _two()[:2048],
    ],
    ids=["between entries", "within a header", "a damaged header", "no end"],
)
def test_an_archive_that_ends_without_its_end_is_found(inner: bytes) -> None:
    with pytest.raises(Broken, match="breaks off between"):
        contents(reader(gzip.compress(inner)))


def test_a_second_archive_behind_the_first_is_found() -> None:
    inner = _two()[:1024] + bytes(30_000) + _two()[1024:]
    with pytest.raises(Broken, match="more follows"):
        contents(reader(gzip.compress(inner)))


def test_what_fills_the_last_block_is_no_archive() -> None:
    inner = _two()[:3072] + b"left from before" * 100
    assert contents(reader(gzip.compress(inner))).counts == {"messages": 2}


def test_headers_upon_headers_are_broken_not_a_crash() -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2
    one = info.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")
    with pytest.raises(Broken):
        contents(reader(gzip.compress(one * 3000 + _two())))


def test_several_members_are_one_stream() -> None:
    inner = packed([entry("Inbox/1.eml", bytes(5000))])
    joined = gzip.compress(inner[:3000]) + gzip.compress(inner[3000:])
    assert contents(reader(joined)).counts == {"messages": 1}


def test_an_archive_of_many_small_members_is_read_to_its_end() -> None:
    inner = packed([entry("Inbox/1.eml", bytes(5000))])
    parts = [gzip.compress(inner[at : at + 600]) for at in range(0, len(inner), 600)]
    assert contents(reader(b"".join(parts))).counts == {"messages": 1}
    with pytest.raises(Broken, match="more follows"):
        contents(
            reader(b"".join((*parts, gzip.compress(b""), gzip.compress(b"x" * 30_000))))
        )


def test_members_that_hold_nothing_are_not_followed_for_ever() -> None:
    inner = packed([entry("Inbox/1.eml", bytes(5000))])
    empty = gzip.compress(b"") * 20_000
    joined = gzip.compress(inner[:3000]) + empty + gzip.compress(inner[3000:])
    with pytest.raises(Broken, match="hold nothing"):
        contents(reader(joined))


def _peak(inner: bytes) -> int:
    """Return the most memory that it takes to read what holds so much."""
    packed_ = gzip.compress(inner, 1)
    tracemalloc.start()
    with suppress(Broken):
        contents(reader(packed_))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _own_header(kind: bytes, content: bytes) -> bytes:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = kind, len(content)
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)


def test_headers_for_all_that_follows_do_not_heap_up() -> None:
    parts = []
    for number in range(300):
        words = f"200000 zmward.{number:06}=".encode()
        text = os.urandom(100_000).hex().encode()[: 199_999 - len(words)]
        parts.append(_own_header(tarfile.XGLTYPE, words + text + b"\n"))
        parts.append(tarfile.TarInfo(f"{number}").tobuf(tarfile.USTAR_FORMAT))
    assert _peak(b"".join(parts)) < 24 << 20


def test_headers_that_wait_for_their_entry_do_not_heap_up() -> None:
    one = _own_header(tarfile.GNUTYPE_LONGNAME, os.urandom(1 << 20))
    assert _peak(one * 60) < 24 << 20


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([entry("/etc/passwd")], "outside"),
        ([entry("Inbox/../../../etc/passwd")], "outside"),
        ([entry("Inbox/a", b"", type=tarfile.SYMTYPE, linkname="/etc")], "a link"),
        (
            [entry("Inbox/a", b"", type=tarfile.LNKTYPE, linkname="/etc/shadow")],
            "a link",
        ),
        ([entry("Inbox/sda", b"", type=tarfile.BLKTYPE)], "a device"),
        ([entry("Inbox/null", b"", type=tarfile.CHRTYPE)], "a device"),
        ([entry("Inbox/pipe", b"", type=tarfile.FIFOTYPE)], "a device or pipe"),
    ],
)
def test_what_no_export_has_is_named(
    rows: list[tuple[tarfile.TarInfo, bytes]], words: str
) -> None:
    found = contents(reader(tgz([*rows, entry("Inbox/1.eml")])))
    assert words in found.doubtful[0]
    assert found.counts == {"messages": 1}


def test_a_bomb_is_stopped_and_takes_no_memory() -> None:
    size = 400 << 20
    info = tarfile.TarInfo("Inbox/1.eml")
    info.size = size
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=9) as file:
        file.write(info.tobuf())
        for _ in range(size >> 24):
            file.write(bytes(1 << 24))
    tracemalloc.start()
    with pytest.raises(Broken, match="without measure"):
        contents(reader(bomb.getvalue()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


def test_a_header_that_is_a_bomb_is_stopped() -> None:
    info = tarfile.TarInfo("a")
    info.type = tarfile.XHDTYPE
    info.size = 1 << 30
    with pytest.raises(Broken, match="longer than any"):
        contents(reader(gzip.compress(info.tobuf() + bytes(1 << 16))))


@pytest.mark.parametrize(
    "content",
    [b"", gzip.compress(b""), gzip.compress(b"x" * 999)],
    ids=["nothing", "nothing within", "no tar within"],
)
def test_what_is_no_archive_is_broken(content: bytes) -> None:
    with pytest.raises(Broken):
        contents(reader(content))


@given(st.binary(max_size=2000))
def test_any_bytes_are_an_archive_or_broken(noise: bytes) -> None:
    for content in (noise, gzip.compress(noise)):
        with pytest.raises(Broken):
            contents(reader(content))
