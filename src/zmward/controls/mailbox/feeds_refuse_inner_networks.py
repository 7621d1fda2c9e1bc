"""Feeds that users subscribe to cannot reach inner networks."""

import ipaddress

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import Values, Wanted

_BLACK = "zimbra_feed_manager_blacklist"
_WHITE = "zimbra_feed_manager_whitelist"
_INNER = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
_MANY = 16


def _items(found: Values) -> tuple[str, ...]:
    return tuple(w.strip() for v in found for w in v.split(",") if w.strip())


def _closes(found: Values) -> bool:
    return set(_INNER) <= set(_items(found))


def _dangerous(item: str) -> bool:
    try:
        network = ipaddress.ip_network(item, strict=False)
    except ValueError:
        return item.lower() == "localhost" or "*" in item
    return network.is_loopback or network.is_link_local or network.num_addresses > _MANY


def _closed(found: Values) -> Values:
    items = _items(found)
    return (",".join((*items, *(n for n in _INNER if n not in items))),)


_CLOSED = Wanted(f"among them: {', '.join(_INNER)}", _closes, _closed)
_NOTHING_WIDE = Wanted(
    "no loopback, no whole networks",
    lambda found: not any(map(_dangerous, _items(found))),
    lambda found: (",".join(i for i in _items(found) if not _dangerous(i)),),
)


CONTROL = Control(
    id="feeds-refuse-inner-networks",
    title="Feeds that users subscribe to cannot reach inner networks",
    why=(
        "A feed is fetched by the server itself: an address in an inner network "
        "turns the server into a probe of what no firewall shows."
    ),
    impact=(
        "Feeds from inner servers stop; list those servers in the whitelist one by one."
    ),
    severity=Severity.MEDIUM,
    tips=("T19",),
    roles=("mailbox",),
    check=layers(
        localconfig("zimbra_feed_manager_blacklist", _CLOSED, role="mailbox"),
        localconfig("zimbra_feed_manager_whitelist", _NOTHING_WIDE, role="mailbox"),
    ),
    refs=(),
    note=(
        "The whitelist overrides everything, loopback too. Add public addresses "
        "of servers that trust this one to the blacklist."
    ),
    examples=(
        passes(localconfig={}),
        passes(localconfig={_WHITE: "feeds.example.com,192.168.7.9"}),
        fails(localconfig={_BLACK: ""}),
        fails(localconfig={_BLACK: "10.0.0.0/8"}),
        fails(localconfig={_WHITE: "127.0.0.1"}),
        fails(localconfig={_WHITE: "10.0.0.0/8"}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
