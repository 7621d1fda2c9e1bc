"""Times and durations as Zimbra writes them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]

_DURATION = re.compile(r"^(\d+)(ms|[smhd])?$")
_SECONDS = {None: 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(duration: str, default: float) -> float:
    """Read a Zimbra duration; a bare number is seconds."""
    match = _DURATION.match(duration)
    return int(match[1]) * _SECONDS[match[2]] if match else default


def gentime(moment: float) -> str:
    """Write a moment as LDAP's generalized time with milliseconds."""
    stamp = datetime.fromtimestamp(moment, UTC)
    return f"{stamp:%Y%m%d%H%M%S}.{stamp.microsecond // 1000:03d}Z"


def from_gentime(text: str) -> float:
    """Read a generalized time, with or without a fraction."""
    stamp = datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return stamp.timestamp() + float("0" + text[14:-1] if text[14:-1] else 0)
