"""Stamps of logs as seconds: local time, both turns of summer time, and no year.

mailboxd and syslog write local time without a zone. In the hour that comes twice, a
stamp that goes back by more than a minute is of the second turn. The first stamp after
a while says nothing by that: where lines are read as they are written, our clock does.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_BACK = 60
_DAY = 86_400
_KEPT = 4096
_TIME = len(" 10:15")
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
# The bytes of a stamp behind its minute, as seconds.
SECONDS = {b":%02d" % second: second for second in range(60)}
FRACTIONS = {b"%03d" % number: number / 1000 for number in range(1000)}
_MINUTES = {
    b" %02d:%02d" % (minute // 60, minute % 60): minute * 60.0
    for minute in range(24 * 60)
}
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


class _Minutes(dict[bytes, float]):
    """Minutes by their bytes; of a day that is known, they need not be read before."""

    def __init__(self, clock: "Clock") -> None:
        super().__init__()
        self._clock = clock

    def __missing__(self, raw: bytes) -> float:
        """Find a minute, which its clock then puts here."""
        if self._clock.minute(raw) is None:
            raise KeyError(raw)
        return self[raw]


class Clock:
    """Reads the stamps of one file; `newest` is when it was written.

    `later` is by how much the second turn of the stamp that was read last is later
    than its first: it is 0 but in the hour that comes twice. Which one it was is
    settled in the order of the file; where lines are read as they are written (`live`),
    `newest` is now, and the turn that is nearer to it without being later is right.
    """

    def __init__(self, zone: tzinfo, newest: float, *, live: bool = False) -> None:
        self._zone, self._live = zone, live
        self.newest = newest
        self._last = 0.0
        self._known: dict[str | bytes, tuple[float, float]] = {}
        # Minutes that come once, by their bytes, for whoever reads many stamps; one
        # that is not known so may be after its stamp was read.
        self.minutes = _Minutes(self)
        # The midnights of days without a change of the clock.
        self._days: dict[bytes, float] = {}
        self.later = 0.0

    def settle(self, first: float, later: float) -> float:
        """Return the right one of two turns, `later` apart."""
        self._last = self._turn(first, later)
        return self._last

    def _turn(self, first: float, later: float) -> float:
        # A gap in spring has its turns the other way round; the first one is right.
        second = first + later
        turned = first < self._last - _BACK and first < second <= self._last + _DAY
        # What is older than both turns are apart was not read as it was written.
        fresh = self._live and first < second <= self.newest <= second + later
        return second if turned or fresh else first

    def _minute(self, parts: tuple[int, ...]) -> tuple[float, float]:
        """Return the seconds of a local minute, and what its second turn is later."""
        zoned = datetime(*parts, tzinfo=self._zone)  # type: ignore[arg-type,misc]  # five numbers
        first = zoned.timestamp()
        return first, zoned.replace(fold=1).timestamp() - first

    def _keep(self, minute: str | bytes, known: tuple[float, float]) -> None:
        if len(self._known) >= _KEPT:
            self._known.clear()
            self.minutes.clear()
        self._known[minute] = known
        if not known[1] and isinstance(minute, bytes):
            self.minutes[minute] = known[0]

    def _first_iso(self, text: str) -> float | None:
        match = _ISO.match(text)
        if match is None:
            return None
        *numbers, fraction, zone = match.groups()
        parts = tuple(map(int, numbers))
        more = parts[5] + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)
        self.later = 0.0
        try:
            if zone:
                at = datetime(*parts[:5], tzinfo=_offset(zone))  # type: ignore[arg-type,misc]  # five numbers
                return at.timestamp() + more
            known = self._known.get(text[:16])
            if known is None:
                known = self._minute(parts[:5])
                self._keep(text[:16], known)
        except (ValueError, OverflowError):
            return None
        self.later = known[1]
        return known[0] + more

    def _first_bsd(self, text: str) -> float | None:
        match = _BSD.match(text)
        if match is None:
            return None
        month = _MONTHS.get(match[1])
        if month is None:
            return None
        day, hour, minute, second = (int(part) for part in match.groups()[1:])
        known = self._known.get(text[:12])
        if known is None:
            known = self._year((month, day, hour, minute), second)
            if known is None:
                return None
            self._keep(text[:12], known)
        self.later = known[1]
        return known[0] + second

    def _year(
        self, parts: tuple[int, int, int, int], second: int
    ) -> tuple[float, float] | None:
        limit = self.newest + _DAY
        year = datetime.fromtimestamp(limit, self._zone).year
        # The 29th of February may lie up to eight years back.
        for candidate in range(year, year - 9, -1):
            try:
                known = self._minute((candidate, *parts))
            except (ValueError, OverflowError):
                continue
            if known[0] + second <= limit:
                return known
        return None

    def _share(self, raw: bytes, minute: str, day: bytes, behind: bytes) -> None:
        """Know a minute by its bytes as well, and its day where that is even."""
        known = self._known.get(minute)
        if known is None:
            return
        self._keep(raw, known)
        past = _MINUTES.get(behind)
        if past is None:
            return
        midnight = known[0] - past
        if midnight + _DAY <= self.newest and self._even(midnight):
            if len(self._days) >= _KEPT:
                self._days.clear()
            self._days[day] = midnight

    def _even(self, midnight: float) -> bool:
        """Return whether the clock is not changed on the day after midnight."""
        hours = (midnight + hour * 3600.0 for hour in range(-1, 26))
        some = {datetime.fromtimestamp(at, self._zone).utcoffset() for at in hours}
        return len(some) == 1

    def minute(self, raw: bytes) -> tuple[float, float] | None:
        """Return a minute that was not met before, of a day that was."""
        midnight, past = self._days.get(raw[:-_TIME]), _MINUTES.get(raw[-_TIME:])
        if midnight is None or past is None:
            return None
        known = (midnight + past, 0.0)
        self._keep(raw, known)
        return known

    def log4j(self, minute: bytes, second: bytes, fraction: bytes) -> float | None:
        """Return the first turn of `2024-11-05 10:15`, `:40` and `002`."""
        known = self._known.get(minute)
        if known is None:
            known = self.minute(minute)
        past = SECONDS.get(second)
        if known is None or past is None:
            text = (minute + second + b"," + fraction).decode("ascii", "replace")
            found = self._first_iso(text)
            self._share(minute, text[:16], minute[:10], minute[10:])
            return found
        self.later = known[1]
        return known[0] + (past + FRACTIONS[fraction])

    def nginx(self, line: bytes) -> float | None:
        """Return the first turn of `2024/11/05 10:15:40` at a line's begin."""
        minute = line[:16]
        try:
            at = self.minutes[minute] + SECONDS[line[16:19]]
        except KeyError:
            text = line[:19].decode("ascii", "replace")
            found = self._first_iso(text)
            self._share(minute, text[:16], minute[:10], minute[10:])
            return found
        self.later = 0.0
        return at

    def syslog(self, line: bytes, at: int) -> float | None:
        """Return the first turn of a BSD or ISO stamp that begins there."""
        minute = line[at : at + 12]
        known = self._known.get(minute)
        if known is None:
            known = self.minute(minute)
        second = SECONDS.get(line[at + 12 : at + 15])
        if known is None or second is None:
            text = line[at : at + 40].decode("ascii", "replace")
            if text[:1].isdigit():
                return self._first_iso(text)
            found = self._first_bsd(text)
            self._share(minute, text[:12], minute[:6], minute[6:])
            return found
        self.later = known[1]
        return known[0] + second

    def glance(self, line: bytes) -> float | None:
        """Return when a line was written that begins with its stamp; settle nothing."""
        text = line[:40].decode("ascii", "replace")
        first = self._first_iso(text) if text[:1].isdigit() else self._first_bsd(text)
        return None if first is None else self._turn(first, self.later)

    def iso(self, text: str) -> float | None:
        """Return the seconds of an ISO stamp at the text's begin, local without zone.

        The log4j form `2024-11-05 10:15:40,002` and nginx's form with slashes too.
        """
        first = self._first_iso(text)
        return None if first is None else self.settle(first, self.later)

    def bsd(self, text: str) -> float | None:
        """Return the seconds of `Nov  5 10:16:20`: the newest year that can be."""
        first = self._first_bsd(text)
        return None if first is None else self.settle(first, self.later)

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
        self.later = 0.0
        return at.timestamp() + int(second)
