"""Small charts for a terminal: a bar, and failures over time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_PLAIN: Final = " .:-=+*%#"
_HOUR: Final = 3600


def _signs(encoding: str) -> str:
    try:
        _BLOCKS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _PLAIN
    return _BLOCKS


def bar(count: int, most: int, width: int, encoding: str) -> str:
    """Return a bar whose length is the share of the most; never empty for one."""
    length = -(-count * width // max(most, 1))
    return _signs(encoding)[-1] * min(length, width)


def spark(hours: Sequence[tuple[str, int]], width: int, encoding: str) -> str:
    """Return failures over time, as one line of signs, and how long a sign is."""
    signs = _signs(encoding)
    times = [datetime.fromisoformat(when).timestamp() for when, _ in hours]
    span = int((times[-1] - times[0]) // _HOUR) + 1
    room = max(width - 24, 8)
    each = -(-span // room)
    columns = [0] * -(-span // each)
    for at, (_, count) in zip(times, hours, strict=True):
        columns[int((at - times[0]) // _HOUR) // each] += count
    most = max(columns)
    drawn = "".join(signs[-(-count * (len(signs) - 1) // most)] for count in columns)
    return f"{drawn}  {each} h each, most {most:,}"
