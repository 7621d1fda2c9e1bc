"""Lines of /var/log/zimbra.log as events: Postfix, postscreen and saslauthd."""

import re

from zmward.logs.event import QUIET, Event, Read
from zmward.logs.lines import Place, text

_HEAD = re.compile(
    rb"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ 0-3]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30})"
    rb" \S+ ([A-Za-z][\w.-]*)(?:/[\w./-]+)?\[\d+\]: "
)
# The number of a queue file is never the same: without it, messages come again.
_QUEUED = re.compile(rb"[0-9A-Za-z]+: (?=client=)")
_SAME = b"0: "


def _other(place: Place, line: bytes, at: int, daemon: bytes, when: float) -> Read:
    """Return the sign of a line that no row fits; without one it may be nothing."""
    sign = place.signs.of(text(line), text(line[at:]), when, "")
    if sign is not None:
        return sign
    messages = place.messages.get(daemon)
    known = messages and any(one in line[at:] for one in messages.needles)
    return None if known else QUIET


def read(place: Place, line: bytes) -> Read:
    """Return what a candidate line of syslog tells."""
    head = _HEAD.match(line)
    if head is None:
        return QUIET if b"last message repeated" in line else None
    daemon, at = head[2], head.end()
    when = place.clock.syslog(line, head.start(1))
    if when is None:
        return None
    messages = place.messages.get(daemon)
    queued = _QUEUED.match(line, at)
    message = _SAME + line[queued.end() :] if queued else line[at:]
    told = messages.read(message) if messages else None
    if told is None:
        return _other(place, line, at, daemon, when)
    if told.kind == "quiet":
        return QUIET
    source, trusted = place.trusted.look(told.address)
    return Event(
        when,
        told.kind,
        place.log,
        "" if trusted else source,
        told.typed,
        "smtp",
        "proxy-only" if trusted else "direct" if source else "none",
        f"a{told.typed}",
        text(daemon),
    )
