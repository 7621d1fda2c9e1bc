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


def _open(found: Values) -> tuple[str, ...]:
    """Return the inner networks that no listed network covers."""
    listed = []
    for item in _items(found):
        try:
            listed.append(ipaddress.ip_network(item, strict=False))
        except ValueError:
            continue
    return tuple(
        text
        for text in _INNER
        for inner in (ipaddress.ip_network(text),)
        if not any(
            one.version == inner.version and one.supernet_of(inner)  # type: ignore[arg-type]  # of one version
            for one in listed
        )
    )


def _dangerous(item: str) -> bool:
    try:
        network = ipaddress.ip_network(item, strict=False)
    except ValueError:
        return item.lower() == "localhost" or "*" in item
    here = network.is_loopback or network.is_unspecified
    return here or network.is_link_local or network.num_addresses > _MANY


def _closed(found: Values) -> Values:
    return (",".join((*_items(found), *_open(found))),)


_CLOSED = Wanted(
    f"among them: {', '.join(_INNER)}", lambda found: not _open(found), _closed
)
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
    locks_out="users who follow feeds of inner servers",
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
        passes(
            localconfig={_BLACK: "10.0.0.0/7,172.16.0.0/12,192.168.0.0/16,fc00::/7"}
        ),
        fails(localconfig={_WHITE: "127.0.0.1"}),
        fails(localconfig={_WHITE: "0.0.0.0"}),  # noqa: S104  # nothing is bound
        fails(localconfig={_WHITE: "10.0.0.0/8"}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
