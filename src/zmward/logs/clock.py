"""Stamps of logs as seconds: local time, both turns of summer time, and no year.

mailboxd and syslog write local time without a zone. In the hour that comes twice, a
stamp that goes back by more than a minute is of the second turn.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_BACK = 60
_DAY = 86_400
_KEPT = 4096
_MONTHS = {
    name: number
    for number, name in enumerate(
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),  # noqa: SIM905  # reads better
        1,
    )
}
_ISO = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r"(Z|[+-]\d\d:?\d\d)?"
)
_REST = re.compile(r":[0-5]\d[,.]\d{3} ", re.ASCII)
_BSD = re.compile(r"([A-Z][a-z]{2}) ([ 0-3]\d) (\d\d):(\d\d):(\d\d)")
_HTTP = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
)


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(sign * timedelta(minutes=minutes))


class Clock:
    """Reads the stamps of one file in their order; `newest` is when it was written."""

    def __init__(self, zone: tzinfo, newest: float) -> None:
        self._zone = zone
        self._newest = newest
        self._last = 0.0
        self._known: dict[str, tuple[float, float]] = {}

    def _twice(self, local: datetime) -> tuple[float, float]:
        """Return the seconds of both turns of a local time; mostly the same."""
        zoned = local.replace(tzinfo=self._zone)
        return zoned.timestamp(), zoned.replace(fold=1).timestamp()

    def _settled(self, turns: tuple[float, float], more: float) -> float:
        first, second = turns[0] + more, turns[1] + more
        # A gap in spring has its turns the other way round; the first one is right.
        later = first < self._last - _BACK and first < second <= self._last + _DAY
        self._last = second if later else first
        return self._last

    def _minute(self, minute: str, parts: tuple[int, ...]) -> tuple[float, float]:
        known = self._known.get(minute)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._twice(datetime(*parts))  # type: ignore[arg-type]  # noqa: DTZ001  # five numbers; the zone follows
            self._known[minute] = known
        return known

    def iso(self, text: str) -> float | None:
        """Return the seconds of an ISO stamp at the text's begin, local without zone.

        The log4j form `2024-11-05 10:15:40,002` and nginx's form with slashes too.
        """
        known = self._known.get(text[:16])
        if known is not None and _REST.match(text, 16):
            # Nearly every line is of a minute that was read before.
            return self._settled(known, int(text[17:19]) + int(text[20:23]) / 1000)
        match = _ISO.match(text)
        if match is None:
            return None
        *numbers, fraction, zone = match.groups()
        parts = tuple(map(int, numbers))
        more = parts[5] + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)
        try:
            if zone:
                at = datetime(*parts[:5], tzinfo=_offset(zone))  # type: ignore[arg-type,misc]  # five numbers
                self._last = at.timestamp() + more
                return self._last
            return self._settled(self._minute(text[:16], parts[:5]), more)
        except (ValueError, OverflowError):
            return None

    def bsd(self, text: str) -> float | None:
        """Return the seconds of `Nov  5 10:16:20`: the newest year that can be."""
        match = _BSD.match(text)
        if match is None:
            return None
        month = _MONTHS.get(match[1])
        if month is None:
            return None
        day, hour, minute, second = (int(part) for part in match.groups()[1:])
        known = self._known.get(text[:12])
        if known is not None:
            return self._settled(known, second)
        limit = self._newest + _DAY
        year = datetime.fromtimestamp(limit, self._zone).year
        # The 29th of February may lie up to eight years back.
        for candidate in range(year, year - 9, -1):
            parts = (candidate, month, day, hour, minute)
            try:
                turns = self._minute(f"{candidate} {text[:12]}", parts)
            except (ValueError, OverflowError):
                continue
            if turns[0] + second <= limit:
                self._known[text[:12]] = turns
                return self._settled(turns, second)
        return None

    def http(self, text: str) -> float | None:
        """Return the seconds of `05/Nov/2024:10:15:40 +0100`."""
        match = _HTTP.match(text)
        if match is None or match[2] not in _MONTHS:
            return None
        day, _, year, hour, minute, second, sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        try:
            zone = timezone(-offset if sign == "-" else offset)
            at = datetime(
                *(int(year), _MONTHS[match[2]], int(day), int(hour), int(minute)),
                tzinfo=zone,
            )
        except (ValueError, OverflowError):
            return None
        return at.timestamp() + int(second)
