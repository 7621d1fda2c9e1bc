"""Proxies on hosts of their own are spared by the request filters."""

import ipaddress
from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS

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
    lacking: list[str] = []
    values = facts.config().own(_SAFE)
    for server in alone:
        try:
            own = facts.read(ADDRESSES, server.name)
        except Unseen as signal:
            yield unknown(Layer.DECLARED, server.label, signal.missing.reason)
            continue
        known = [ipaddress.ip_address(address) for address in own]
        real = [str(a) for a in known if a.version == 4 and not a.is_loopback]  # noqa: PLR2004  # IPv4
        lacking += [address for address in real if not _spared(address, values)]
    text = f"{_SAFE}: {', '.join(values) or '(not set)'}"
    if not lacking:
        yield sound(Layer.DECLARED, "global", source="directory", seen=text)
        return
    yield deviates(
        Layer.DECLARED,
        "global",
        f"{text}; lacks {', '.join(lacking)}",
        "the address of every proxy that has no mailboxes",
        cure=SetAttr("global", _SAFE, values or None, (*values, *lacking)),
        source="directory",
    )


_OWN = ("127.0.0.1", "192.0.2.10")
_STORE = {"store.example.com": {"zimbraServiceEnabled": "mailbox"}}


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
        unconcerned(config={}, addresses=_OWN),
        unsure(services=("proxy",), servers=_STORE, config={}, missing=("addresses",)),
    ),
)
