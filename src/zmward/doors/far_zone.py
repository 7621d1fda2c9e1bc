"""The zone of time of a far host, from the bytes of its /etc/localtime (RFC 9636).

Python believes the counts and numbers in such a file: a false one makes it wait for
ever or end. So all of them are looked at before.
"""

import re
import struct
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo

_MAGIC: Final = b"TZif"
_HEAD: Final = struct.Struct(">4sc15x6L")
_LARGEST: Final = 1 << 16
_DAY: Final = 86_400
_FOOTER = re.compile(rb"\n[A-Za-z0-9<>+,./:-]{0,100}\n")
# Seconds that a transition may have: years of four digits.
_EARLIEST, _LATEST = -(1 << 59), 253_402_300_799


def _block(packed: bytes, at: int, width: int) -> tuple[int, bool]:
    """Return where a block of data ends, and whether what it says can be."""
    if len(packed) < at + _HEAD.size:
        return 0, False
    magic, _, utc, standard, leaps, times, kinds, letters = _HEAD.unpack_from(
        packed, at
    )
    begin = at + _HEAD.size
    numbers = begin + times * width
    infos = numbers + times
    names = infos + kinds * 6
    end = names + letters + leaps * (width + 4) + standard + utc
    if magic != _MAGIC or end > len(packed):
        return 0, False
    if not kinds or not letters:
        return end, False
    code = "q" if width == 8 else "l"  # noqa: PLR2004  # bytes of a time
    found = struct.unpack_from(f">{times}{code}", packed, begin)
    rows = [struct.unpack_from(">lBB", packed, infos + 6 * n) for n in range(kinds)]
    return (
        end,
        (
            all(one < kinds for one in packed[numbers:infos])
            and all(_EARLIEST <= one <= _LATEST for one in found)
            and list(found) == sorted(set(found))
            and all(abs(o) < _DAY and dst < 2 and i < letters for o, dst, i in rows)  # noqa: PLR2004  # yes or no
            and packed[names + letters - 1] == 0
            and packed[names : names + letters].isascii()
        ),
    )


def far_zone(packed: bytes) -> ZoneInfo:
    """Return the zone; ValueError where the bytes are none."""
    if len(packed) > _LARGEST:
        raise ValueError(len(packed))
    # The first block is for old readers: it is passed over.
    second, _ = _block(packed, 0, 4)
    end, good = _block(packed, second, 8) if second else (0, False)
    if not good or not _FOOTER.fullmatch(packed[end:]):
        raise ValueError(end)
    return ZoneInfo.from_file(BytesIO(packed))
