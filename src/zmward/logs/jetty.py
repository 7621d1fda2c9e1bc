"""Lines of zmmailboxd.out as events: requests that the flood filter slowed or refused.

The address is the one by which the filter counted. Where it is trusted, the filter
works against a proxy, and so against everybody behind it.
"""

import re

from zmward.logs.event import QUIET, Event, Read
from zmward.logs.lines import Place, text

# No blank can stand in the URL that a thread is named after.
_HEAD = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3}:[A-Z]+ *:"
    rb"(?:[\w$]+\.)*([\w$]+):\S*: ?"
)


def read(place: Place, line: bytes) -> Read:
    """Return what a candidate line of mailboxd's own output tells."""
    head = _HEAD.match(line)
    messages = place.messages.get(head[1]) if head else None
    if head is None or messages is None:
        return QUIET
    told = messages.read(line[head.end() :])
    when = place.clock.iso(text(line[:23]))
    if told is None or when is None:
        return None
    address, trusted = place.trusted.look(told.address)
    return Event(
        when=when,
        kind=told.kind,
        log=place.log,
        source="" if trusted else address,
        protocol="soap",
        via="proxy-only" if trusted else "direct" if address else "none",
        origin="jetty",
        peer=address if trusted else "",
    )
