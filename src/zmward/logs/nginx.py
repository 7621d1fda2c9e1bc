"""Lines of nginx's error log as events: logins of the mail proxy."""

import re

from zmward.logs.event import LONGEST_NAME, Event, Read
from zmward.logs.lines import Place, matched

_HEAD = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#\d+: (?:\*\d+ )?")
_CLIENT = ", client: "


def read(place: Place, text: str) -> Read:
    """Return what a candidate line of nginx tells.

    The login name stands before and after the client's address, and nginx does not
    quote it: where it imitates one, no address is believed.
    """
    head = _HEAD.match(text)
    when = place.clock.iso(text)
    if head is None or when is None:
        return None
    found = matched(place.rows["nginx"], text[head.end() :])
    if found is None:
        return None
    row, groups = found
    honest = text.count(_CLIENT) == 1
    source, trusted = place.trusted.look(groups.get("address") or "")
    shown = source if honest and not trusted else ""
    account = (groups.get("typed") or "")[:LONGEST_NAME].lower() if honest else ""
    return Event(
        when=when,
        kind=row.kind,
        log=place.log,
        source=shown,
        account=account,
        protocol=row.protocol,
        via="direct" if shown else "proxy-only" if trusted else "none",
        key=f"a{account}",
        origin="nginx",
    )
