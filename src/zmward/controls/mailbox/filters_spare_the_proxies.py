"""Proxies on hosts of their own are spared by the request filters."""

import ipaddress
from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.effective import server_value
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS, Entry

_SAFE = "zimbraHttpThrottleSafeIPs"


def _spared(address: str, values: tuple[str, ...]) -> bool:
    for value in values:
        try:
            if ipaddress.ip_address(address) in ipaddress.ip_network(
                value, strict=False
            ):
                return True
        except ValueError:
            continue
    return False


def _look(facts: Facts) -> Iterator[Judgement]:
    stores = {server.name for server in facts.servers("mailbox")}
    alone = [server for server in facts.servers("proxy") if server.name not in stores]
    if not alone or not stores:
        reason = "no proxy runs on a host without mailboxes"
        yield not_concerned(Layer.DECLARED, "directory", reason)
        return
    needed: list[str] = []
    for server in alone:
        try:
            needed += _addresses(facts, server)
        except Unseen as signal:
            yield unknown(Layer.DECLARED, server.label, signal.missing.reason)
    places = [s if s.own(_SAFE) else facts.config() for s in facts.servers("mailbox")]
    for place in {place.label: place for place in places}.values():
        yield _judged(place, needed)


def _addresses(facts: Facts, server: Entry) -> list[str]:
    """Return the addresses from which a proxy talks to the mailboxes."""
    both = server_value(facts, server, "zimbraIPMode") in (("both",), ("ipv6",))
    own = facts.read(ADDRESSES, server.name)
    known = [ipaddress.ip_address(address) for address in own]
    return [
        str(a)
        for a in known
        if not a.is_loopback and not a.is_link_local and (a.version == 4 or both)  # noqa: PLR2004  # IPv4
    ]


def _judged(place: Entry, needed: list[str]) -> Judgement:
    values = place.own(_SAFE)
    lacking = [address for address in needed if not _spared(address, values)]
    text = f"{_SAFE}: {', '.join(values) or '(not set)'}"
    if not lacking:
        return sound(Layer.DECLARED, place.label, source="directory", seen=text)
    return deviates(
        Layer.DECLARED,
        place.label,
        f"{text}; lacks {', '.join(lacking)}",
        "the address of every proxy that has no mailboxes",
        cure=SetAttr(place.label, _SAFE, values or None, (*values, *lacking)),
        source="directory",
    )


_OWN = ("127.0.0.1", "192.0.2.10")
_MAILBOX = {"zimbraServiceEnabled": "mailbox"}
_STORE = {"store.example.com": _MAILBOX}


CONTROL = Control(
    id="filters-spare-the-proxies",
    title="Proxies on hosts of their own are spared by the request filters",
    why=(
        "The filters spare mailbox servers by themselves, but not a host that is "
        "only a proxy: when it is shut out, everybody is."
    ),
    impact="None; mailboxd restarts.",
    severity=Severity.MEDIUM,
    tips=("T05", "T32"),
    roles=("mailbox", "proxy"),
    check=on_directory(
        Layer.DECLARED,
        (CONFIG, SERVERS, ADDRESSES),
        _look,
        cures=True,
        attributes=(_SAFE,),
    ),
    refs=(),
    examples=(
        passes(
            services=("proxy",),
            servers=_STORE,
            config={_SAFE: "192.0.2.0/24"},
            addresses=_OWN,
        ),
        fails(
            services=("proxy",),
            servers=_STORE,
            config={_SAFE: "192.0.2.7"},
            addresses=_OWN,
        ),
        fails(services=("proxy",), servers=_STORE, config={}, addresses=_OWN),
        fails(
            services=("proxy",),
            servers={"store.example.com": {**_MAILBOX, _SAFE: "198.51.100.9"}},
            config={_SAFE: "192.0.2.0/24"},
            addresses=_OWN,
        ),
        unconcerned(config={}, addresses=_OWN),
        unsure(services=("proxy",), servers=_STORE, config={}, missing=("addresses",)),
    ),
)
