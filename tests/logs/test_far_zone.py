"""The zone of a far host: a true one is taken, and no false one is believed."""

import struct
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import TZPATH

import pytest
from hypothesis import given
from hypothesis import strategies as some

from zmward.doors.far_zone import far_zone

ROME = next(
    (p for p in (Path(one) / "Europe/Rome" for one in TZPATH) if p.is_file()), None
)
pytestmark = pytest.mark.skipif(ROME is None, reason="needs tzdata")
RAW = ROME.read_bytes() if ROME else b""
HEAD = 44


def second() -> int:
    """Return where the block begins that is read."""
    utc, standard, leaps, times, kinds, letters = struct.unpack_from(">6L", RAW, 20)
    end: int = times * 5 + kinds * 6 + letters + leaps * 8 + standard + utc
    return HEAD + end


def test_a_true_zone_is_taken() -> None:
    when = datetime(2026, 7, 1, tzinfo=far_zone(RAW))
    assert when.utcoffset() is not None
    assert str(when.utcoffset()) == "2:00:00"


def test_a_kind_that_is_not_there_is_no_zone() -> None:
    times = struct.unpack_from(">L", RAW, second() + 32)[0]
    raw = bytearray(RAW)
    raw[second() + HEAD + times * 8] = 255
    with pytest.raises(ValueError, match=r"\d"):
        far_zone(bytes(raw))


@pytest.mark.parametrize("raw", [b"", b"none", RAW[:-1], RAW[:100], RAW * 99])
def test_what_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        far_zone(raw)


def test_python_itself_waits_for_ever() -> None:
    """Why all of it is looked at before: a zone whose last line has no end."""
    code = (
        "import sys; from io import BytesIO; from zoneinfo import ZoneInfo; "
        "ZoneInfo.from_file(BytesIO(sys.stdin.buffer.read()))"
    )
    argv = [sys.executable, "-c", code]
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(argv, input=RAW[:-1], timeout=3, check=False)


@given(some.data())
def test_no_zone_ends_us(data: some.DataObject) -> None:
    raw = bytearray(RAW)
    for _ in range(data.draw(some.integers(1, 4))):
        at = data.draw(some.integers(second(), len(raw) - 1))
        raw[at] = data.draw(some.integers(0, 255))
    try:
        zone = far_zone(bytes(raw))
    except ValueError:
        return
    for year in (1902, 1970, 2026, 2050):
        datetime(year, 7, 1, tzinfo=zone).timestamp()
