"""Lines of /var/log/zimbra.log as events: Postfix, postscreen and saslauthd."""

import re

from zmward.logs.event import QUIET, Event, Read, dated
from zmward.logs.lines import Place, Told, text

_HEAD = re.compile(
    rb"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ 0-3]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30})"
    rb" \S+ ([A-Za-z][\w.-]*)(?:/[\w./-]+)?\[\d+\]: "
    # The number of a queue file is never the same: without it, messages come again.
    rb"([0-9A-Za-z]+: (?=client=))?"
)
# What rsyslog writes once for lines that come again; Ubuntu's rsyslog does so.
_FOLDED = re.compile(
    rb"([^\[]{1,200}\[\d+\]: )message repeated (\d{1,4}) times: \[ ?(.*)\]", re.DOTALL
)
# Stands for the number of a queue file.
SAME = b"0"
_DAEMONS = {b"postfix": "postfix", b"saslauthd": "saslauthd"}


def _other(place: Place, line: bytes, at: int, daemon: bytes, when: float) -> Read:
    """Return the sign of a line that no row fits; without one it may be nothing."""
    sign = place.signs.of(text(line), text(line[at:]), when, "")
    if sign is not None:
        return sign
    messages = place.messages.get(daemon)
    known = messages and any(one in line[at:] for one in messages.needles)
    return None if known else QUIET


def unfolded(line: bytes) -> tuple[bytes, int]:
    """Return a line as it was before it was folded, and how often it came: 0 if not."""
    found = _FOLDED.fullmatch(line)
    return (found[1] + found[3], int(found[2])) if found else (line, 0)


def read(place: Place, line: bytes) -> Read:
    """Return what a candidate line of syslog tells."""
    head = _HEAD.match(line)
    if head is None:
        return QUIET if b"last message repeated" in line else None
    _, daemon, queued = head.groups()
    at = head.end()
    when = place.clock.syslog(line, head.start(1))
    if when is None:
        return None
    messages = place.messages.get(daemon)
    if messages is None:
        return _other(place, line, at - len(queued or b""), daemon, when)
    message = SAME + b": " + line[at:] if queued else line[at:]
    told = messages.read(message)
    if told is None:
        return _other(place, line, at - len(queued or b""), daemon, when)
    if told.kind == "quiet":
        return QUIET
    source, shared = what(place, told, daemon)
    return dated(when, shared, source, told.typed, "")


def what(place: Place, told: Told, daemon: bytes) -> tuple[str, Event]:
    """Return the client, and what a message tells but for its time and account."""
    source, trusted = place.trusted.look(told.address)
    shared = Event(
        when=0.0,
        kind=told.kind,
        log=place.log,
        protocol="smtp",
        via="proxy-only" if trusted else "direct" if source else "none",
        origin=_DAEMONS.get(daemon) or text(daemon),
    )
    return "" if trusted else source, shared
