"""Lines of nginx.access.log and access_log as signs of known exploitation.

A request without one counts where a known campaign's address asked: as a probe.

Only nginx names the client: the address in mailboxd's own access_log is the left-most
one that was announced, which clients forge.
"""

import re

from zmward.catalog.log_attackers import ATTACKERS
from zmward.logs.event import QUIET, Event, Read
from zmward.logs.lines import Place, text

# Neither server writes a quote before the request's own.
_HEAD = re.compile(r"([0-9A-Fa-f.:\[\]]+) - [^\"]*\[([^\]\"]+)\] {1,2}\"([^\"]*)")


def _address(peer: str) -> str:
    """Return the address without the port: after the last colon, IPv6 too."""
    return peer.rpartition(":")[0] or peer


def read(place: Place, line: bytes) -> Read:
    """Return the sign of exploitation that a request shows, or who asks."""
    whole = text(line)
    head = _HEAD.match(whole)
    if head is None:
        return None
    when = place.clock.http(head[2])
    if when is None:
        return None
    source = ""
    if place.log == "nginx-access":
        found, trusted = place.trusted.look(_address(head[1]))
        source = "" if trusted else found
    sign: Event | None = place.signs.of(whole, head[3], when, source)
    if sign is None and source in ATTACKERS:
        return Event(when, "probe", place.log, source, protocol="web", via="direct")
    return sign or QUIET
