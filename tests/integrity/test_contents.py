"""A content is read once, in bounds, and memory is left as it was found."""

import hashlib
import os
from pathlib import Path

import pytest

from tests.integrity.site import SIGNER, WISH, place, put
from tests.integrity.test_hostile import LIB, examined, patience
from zmward.doors import contents
from zmward.doors.contents import Reader, TooLarge
from zmward.doors.residency import PAGE, absent
from zmward.engine.integrity_work import baseline, check


def test_a_sparse_terabyte_takes_no_time(root: Path) -> None:
    victim = root / LIB / "huge"
    with victim.open("wb") as file:
        file.truncate(1 << 40)
        file.seek(1 << 39)
        file.write(b"payload")
    with patience():
        baseline(place(root), WISH, SIGNER)
        assert check(place(root), WISH).judged == ()
        with victim.open("r+b") as file:
            file.seek(1 << 39)
            file.write(b"Payload")
        (one,) = check(place(root), WISH).alarms
    assert "digest" in one.difference.names


def test_holes_and_zeros_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "WHOLE", 1 << 20)
    for name, zeros in (("hole", False), ("zeros", True)):
        with (tmp_path / name).open("wb") as file:
            if zeros:
                file.write(bytes(3 << 20))
            file.truncate(3 << 20)
            file.seek((2 << 20) + 5)
            file.write(b"x")
    digests = set()
    for name in ("hole", "zeros"):
        with (tmp_path / name).open("rb") as file:
            digests.add(Reader().digest(file.fileno(), 3 << 20))
    assert len(digests) == 1


def test_more_than_the_most_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "WHOLE", 1 << 20)
    monkeypatch.setattr(contents, "MOST", 2 << 20)
    victim = put(tmp_path, "big", b"x" * (4 << 20))
    with victim.open("rb") as file, pytest.raises(TooLarge):
        Reader().digest(file.fileno(), 4 << 20)


@pytest.mark.parametrize(
    "size", [0, 1, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20]
)
@pytest.mark.parametrize("cold", [False, True])
def test_a_digest_is_that_of_the_content(
    tmp_path: Path, size: int, *, cold: bool
) -> None:
    content = os.urandom(size)
    victim = put(tmp_path, "x", content)
    with victim.open("rb") as file:
        if cold:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        found = Reader().digest(file.fileno(), size)
    assert found == hashlib.sha256(content).hexdigest()


def _resident(path: Path) -> int:
    size = path.stat().st_size
    with path.open("rb") as file:
        return size - sum(length for _, length in absent(file.fileno(), 0, size))


def test_only_pages_that_were_brought_in_are_let_go(tmp_path: Path) -> None:
    whole, folios = 32 << 20, 8 << 20  # some pages only go with up to 2 MiB around them
    victim = put(tmp_path, "x", os.urandom(whole))
    with victim.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if _resident(victim):
            pytest.skip("this filesystem lets nothing go")
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(file.fileno(), 8 * PAGE, whole // 4)
    before = _resident(victim)
    assert 8 * PAGE <= before < folios
    examined(victim)
    after = _resident(victim)
    assert before <= after < before + folios
    victim.read_bytes()
    examined(victim)
    assert _resident(victim) == whole


def test_times_of_reading_stay_as_they_were(tmp_path: Path) -> None:
    victim = put(tmp_path, "x", "x")
    os.utime(victim, ns=(10**18, victim.stat().st_mtime_ns))
    examined(victim)
    assert victim.stat().st_atime_ns == 10**18


def test_without_the_kernel_s_word_nothing_is_let_go() -> None:
    assert absent(-1, 0, 4096) == ()
