"""Lines of zmmailboxd.out as events: requests that the flood filter slowed or refused.

The address is the one by which the filter counted. Where it is trusted, the filter
works against a proxy, and so against everybody behind it.
"""

import re

from zmward.logs.event import QUIET, Event, Read
from zmward.logs.lines import Place, matched

# No blank can stand in the URL that a thread is named after.
_HEAD = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3}:[A-Z]+ *:([\w.$]+):(\S*): ?"
)


def read(place: Place, text: str) -> Read:
    """Return what a candidate line of mailboxd's own output tells."""
    head = _HEAD.match(text)
    if head is None:
        return QUIET
    rows = place.rows.get(head[1].rpartition(".")[2])
    if rows is None:
        return QUIET
    found = matched(rows, text[head.end() :])
    when = place.clock.iso(text)
    if found is None or when is None:
        return None
    row, groups = found
    address, trusted = place.trusted.look(groups.get("address") or "")
    return Event(
        when=when,
        kind=row.kind,
        log=place.log,
        source="" if trusted else address,
        protocol="soap",
        via="proxy-only" if trusted else "direct" if address else "none",
        origin="jetty",
        peer=address if trusted else "",
    )
