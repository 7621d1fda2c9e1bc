"""The request and login filters spare no network of strangers."""

import ipaddress
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS, Entry

_SAFE = "zimbraHttpThrottleSafeIPs"
# A site's own public range is rarely wider; what is private belongs to nobody else.
_FOUR, _SIX = 24, 48
_INSIDE = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"),
            *("100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"),
        ),
    )
)


def _wide(value: str) -> bool:
    """Say whether a value spares a public network that is wider than a site."""
    try:
        network = ipaddress.ip_network(value.strip(), strict=False)
    except ValueError:
        return False
    narrow = network.prefixlen >= (_FOUR if network.version == 4 else _SIX)  # noqa: PLR2004  # IPv4
    inside = any(
        network.version == one.version
        and int(one.network_address) <= int(network.network_address)
        and int(network.broadcast_address) <= int(one.broadcast_address)
        for one in _INSIDE
    )
    return not narrow and not inside


def _look(facts: Facts) -> Iterator[Judgement]:
    stores = facts.servers("mailbox")
    if not stores:
        yield not_concerned(Layer.DECLARED, "directory", "no server runs mailbox")
        return
    places = [s if s.own(_SAFE) else facts.config() for s in stores]
    for place in {place.label: place for place in places}.values():
        yield _judged(place)


def _judged(place: Entry) -> Judgement:
    values = place.own(_SAFE)
    text = f"{_SAFE}: {', '.join(values) or '(not set)'}"
    wide = [value for value in values if _wide(value)]
    if not wide:
        return sound(Layer.DECLARED, place.label, source="directory", seen=text)
    return deviates(
        Layer.DECLARED,
        place.label,
        f"{text}; too wide: {', '.join(wide)}",
        f"no public network wider than /{_FOUR}, of IPv6 than /{_SIX}",
        no_cure="Name the proxies, offices and programs in it one by one first: "
        "who is taken out and not named can be shut out.",
        source="directory",
    )


CONTROL = Control(
    id="filters-spare-no-strangers",
    title="The request and login filters spare no network of strangers",
    why=(
        "Whoever is in zimbraHttpThrottleSafeIPs may guess and ask without end: a wide "
        "network there turns both filters off for all in it."
    ),
    impact="Programs that ask often must be named by their own addresses.",
    severity=Severity.MEDIUM,
    tips=("T05",),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (CONFIG, SERVERS), _look),
    refs=(),
    note="The login filter reads the address that clients announce first.",
    examples=(
        passes(config={}),
        passes(config={_SAFE: ("192.0.2.0/24", "10.0.0.0/8", "2001:db8::/48", "a.b")}),
        fails(config={_SAFE: ("192.0.2.7", "0.0.0.0/0")}),
        fails(config={_SAFE: "198.51.0.0/16"}),
        fails(config={_SAFE: "8.0.0.0/6"}),
        fails(config={_SAFE: "::/0"}),
        fails(config={}, server={_SAFE: "2001:db8::/32"}),
        unsure(missing=("ldap-config", "ldap-servers")),
        unconcerned(services=("mta",), config={}),
    ),
)
