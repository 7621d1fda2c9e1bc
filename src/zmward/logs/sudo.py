"""Lines of sudo in auth.log or secure: what the user zimbra ran as root."""

import re

from zmward.logs.event import QUIET, Event, Read
from zmward.logs.lines import Place, text

_HEAD = re.compile(
    rb"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ 0-3]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30})"
    rb" \S+ sudo(?:\[\d+\])?: +zimbra : .*?; USER=root ; "
    rb"(?:[A-Z]+=[^;]* ; )*(?=COMMAND=)"
)


def read(place: Place, line: bytes) -> Read:
    """Return the sign of exploitation that a command shows."""
    head = _HEAD.match(line)
    if head is None:
        # Another user's, or another program that quotes the words.
        return QUIET
    when = place.clock.syslog(line, head.start(1))
    if when is None:
        return None
    command = text(line[head.end() :])
    sign: Event | None = place.signs.of(text(line), command, when, "")
    return sign or QUIET
