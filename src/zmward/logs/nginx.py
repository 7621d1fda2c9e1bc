"""Lines of nginx's error log as events: logins of the mail proxy."""

import re

from zmward.logs.event import Event, Read
from zmward.logs.lines import Place

_HEAD = re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#\d+: (?:\*\d+ )?")
_CLIENT = b", client: "


def read(place: Place, line: bytes) -> Read:
    """Return what a candidate line of nginx tells.

    The login name stands before and after the client's address, and nginx does not
    quote it: where it imitates one, no address is believed.
    """
    head = _HEAD.match(line)
    when = place.clock.nginx(line)
    if head is None or when is None:
        return None
    told = place.messages[b"nginx"].meant(line[head.end() :])
    if told is None:
        return None
    honest = line.count(_CLIENT) == 1
    source, trusted = place.trusted.look(told.address)
    shown = source if honest and not trusted else ""
    account = told.typed if honest else ""
    return Event(
        when=when,
        kind=told.kind,
        log=place.log,
        source=shown,
        account=account,
        protocol=told.protocol,
        via="direct" if shown else "proxy-only" if trusted else "none",
        origin="nginx",
    )
