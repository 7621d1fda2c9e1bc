"""Lines of /var/log/zimbra.log as events: Postfix, postscreen and saslauthd."""

import re

from zmward.logs.event import LONGEST_NAME, QUIET, Event, Read
from zmward.logs.lines import Place, matched

_HEAD = re.compile(
    r"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ 0-3]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30})"
    r" \S+ ([A-Za-z][\w.-]*)(?:/[\w./-]+)?\[\d+\]: "
)


def read(place: Place, text: str) -> Read:
    """Return what a candidate line of syslog tells."""
    head = _HEAD.match(text)
    if head is None:
        return QUIET if "last message repeated" in text else None
    stamp, daemon = head.groups()
    message = text[head.end() :]
    iso = stamp[0].isdigit()
    when = place.clock.iso(stamp) if iso else place.clock.bsd(stamp)
    if when is None:
        return None
    rows = place.rows.get(daemon, ())
    found = matched(rows, message)
    if found is None:
        known = any(row.needle in message for row, _ in rows)
        return place.signs.of(text, message, when, "") or (None if known else QUIET)
    row, groups = found
    if row.kind == "quiet":
        return QUIET
    source, trusted = place.trusted.look(groups.get("address") or "")
    shown = "" if trusted else source
    account = (groups.get("typed") or "")[:LONGEST_NAME].lower()
    return Event(
        when=when,
        kind=row.kind,
        log=place.log,
        source=shown,
        account=account,
        protocol="smtp",
        via="direct" if shown else "proxy-only" if source else "none",
        key=f"a{account}",
        origin=daemon,
    )
