"""What Zimbra checks of a value before the directory ever sees it."""

import re
from collections.abc import Callable

from .errors import invalid_value
from .schema import Attribute

_LONG = (-(2**63), 2**63 - 1)
_INTEGER = (-(2**31), 2**31 - 1)
_HIGHEST_PORT = 65535
_DURATION = re.compile(r"(\d+)(h|m|s|d|ms)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_TIME = re.compile(r"\d{14}(\.\d{1,3})?Z")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, None: 1}
_DURATION_TEXT = (
    "{} Must be in valid duration format: {{digits}}{{time-unit}}.  "
    "digits: 0-9, time-unit: [hmsd]|ms.  h - hours, m - minutes, s - seconds, "
    "d - days, ms - milliseconds.  If time unit is not specified, "
    "the default is s(seconds)."
)


def seconds(duration: str) -> float | None:
    """Return a duration's length, None if it is none."""
    found = _DURATION.fullmatch(duration)
    return int(found[1]) * _SECONDS[found[2]] if found else None


def _number(row: Attribute, value: str, kind: str, span: tuple[int, int]) -> None:
    if not re.fullmatch(r"[+-]?\d+", value) or not span[0] <= int(value) <= span[1]:
        raise invalid_value(f"{row.name} must be a valid {kind}: {value}")
    _in_range(row, value, int(value), int)


def _in_range(
    row: Attribute, value: str, size: float, read: Callable[[str], float | None]
) -> None:
    least = read(row.minimum) if row.minimum else None
    most = read(row.maximum) if row.maximum else None
    if least is not None and size < least:
        raise invalid_value(
            f"{row.name} value({value}) smaller than minimum allowed: {row.minimum}"
        )
    if most is not None and size > most:
        raise invalid_value(
            f"{row.name} value({value}) larger than max allowed: {row.maximum}"
        )


def _boolean(row: Attribute, value: str) -> None:
    if value not in {"TRUE", "FALSE"}:
        raise invalid_value(f"{row.name} must be TRUE or FALSE")


def _enumeration(row: Attribute, value: str) -> None:
    if value not in row.values:
        raise invalid_value(f"{row.name} must be one of: {','.join(row.values)}")


def _duration(row: Attribute, value: str) -> None:
    length = seconds(value)
    if length is None:
        raise invalid_value(_DURATION_TEXT.format(row.name))
    # The bounds of durations are written in milliseconds.
    _in_range(row, value, length * 1000, int)


def _port(row: Attribute, value: str) -> None:
    if not value.isdecimal() or int(value) > _HIGHEST_PORT:
        raise invalid_value(f"{row.name} must be a valid port: {value}")


def _email(row: Attribute, value: str) -> None:
    _short_enough(row, value)
    if not _EMAIL.fullmatch(value):
        raise invalid_value(f"{row.name} must be a valid email address: {value}")


def _emails(row: Attribute, value: str) -> None:
    for part in value.split(","):
        address = re.sub(r"^.*<(.*)>\s*$", r"\1", part).strip()
        if not _EMAIL.fullmatch(address):
            raise invalid_value(f"{row.name} must be a valid email address: {part}")


def _time(row: Attribute, value: str) -> None:
    if not _TIME.fullmatch(value):
        raise invalid_value(
            f"{row.name} must be a valid generalized time: "
            "yyyyMMddHHmmssZ or yyyyMMddHHmmss.SSSZ"
        )


def _pattern(row: Attribute, value: str) -> None:
    if row.pattern and not re.fullmatch(row.pattern.strip("^$"), value):
        raise invalid_value(f"{row.name} must match the regex: {row.pattern}")


def _short_enough(row: Attribute, value: str) -> None:
    if row.maximum.isdecimal() and len(value) > int(row.maximum):
        raise invalid_value(
            f"{row.name} value length({len(value)}) larger than max allowed: "
            f"{row.maximum}"
        )


_CHECKS: dict[str, Callable[[Attribute, str], None]] = {
    "boolean": _boolean,
    "cs_emailp": _emails,
    "duration": _duration,
    "email": _email,
    "enum": _enumeration,
    "gentime": _time,
    "integer": lambda row, value: _number(row, value, "integer", _INTEGER),
    "long": lambda row, value: _number(row, value, "long", _LONG),
    "port": _port,
    "regex": _pattern,
}


def check_value(row: Attribute, value: str) -> None:
    """Refuse a value that the attribute's own row forbids."""
    _CHECKS.get(row.type, _short_enough)(row, value)
