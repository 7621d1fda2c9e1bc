"""Postfix does not trust a balancer or proxy that stands before it."""

from collections.abc import Iterator

import msgspec

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.mta._narrowing import cure
from zmward.controls.mta._networks import (
    ATTRIBUTE,
    Network,
    covers,
    declared_words,
    loopback,
    network,
    unread,
    words_of,
)
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_relay import no_balancer
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.postconf import POSTCONF

_NONE = "the profile names no balancer, and no other server is a proxy alone"
_NO_CURE = (
    "Take the balancer's or proxy's address out of zimbraMtaMyNetworks; a cure needs "
    "the evidence of every node."
)
_FOLLOWS = f"It follows from {ATTRIBUTE}."


def _proxies(facts: Facts, host: str) -> list[Network]:
    """Return the balancers, and the addresses of servers that only are proxies."""
    found = list(facts.profile.networks.proxies)
    for server in facts.servers("proxy"):
        services = server.own("zimbraServiceEnabled")
        if server.name != host and not {"mailbox", "mta"} & set(services):
            own = facts.read(ADDRESSES, server.name)
            found.extend(own)
    nets = [net for net in map(network, found) if net is not None]
    return [net for net in nets if not loopback(net)]


def _cure(
    facts: Facts, host: str, proxies: list[Network], bad: list[str]
) -> SetAttr | None:
    """Return the narrowed list, unless it still trusts a proxy: a node by address."""
    found = cure(facts, host, bad) if bad else None
    left = words_of(found.after or ()) if found else ()
    nets = [net for net in map(network, left) if net is not None]
    trusted = any(covers(net, proxy) for net in nets for proxy in proxies)
    return None if trusted else found


def _judged(
    facts: Facts, host: str, layer: Layer, name: str, words: tuple[str, ...]
) -> Iterator[Judgement]:
    proxies = _proxies(facts, host)
    if not proxies:
        yield not_concerned(layer, host, _NONE)
        return
    trusted = [(word, network(word)) for word in words]
    bad = [
        (word, proxy)
        for word, net in trusted
        for proxy in proxies
        if net is not None and (covers(net, proxy) or covers(proxy, net))
    ]
    declared = layer is Layer.DECLARED
    found = _cure(facts, host, proxies, [w for w, _ in bad]) if declared else None
    for word, proxy in bad:
        yield deviates(
            layer,
            host,
            f"{name}: {word} holds {proxy}",
            "no balancer, no proxy",
            cure=found,
            no_cure="" if found else _NO_CURE if declared else _FOLLOWS,
        )
    if unread(words):
        yield unknown(layer, host, unread(words))
    if not words:
        yield unknown(
            layer, host, f"{name} is not set; what is trusted then is unknown"
        )
    elif not bad:
        yield sound(layer, host, source="directory", seen=f"{name}: {' '.join(words)}")


def _declared(facts: Facts, host: str) -> Iterator[Judgement]:
    yield from _judged(
        facts, host, Layer.DECLARED, ATTRIBUTE, declared_words(facts, host)
    )


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    words = words_of((facts.read(POSTCONF, host).get("mynetworks", ""),))
    yield from _judged(facts, host, Layer.RENDERED, "mynetworks", words)


_BALANCER = {"networks": {"proxies": ["192.0.2.250"]}}

CONTROL = Control(
    id="mta-trusts-no-balancer",
    title="Postfix does not trust a balancer or proxy that stands before it",
    why=(
        "Behind a balancer every client has the balancer's address: trusting it makes "
        "the server an open relay for the whole internet."
    ),
    impact=(
        "The balancer must pass the client's address on (PROXY protocol), or mail "
        "through it needs a login."
    ),
    severity=Severity.HIGH,
    tips=("T12",),
    roles=("mta",),
    locks_out="hosts that relay without a login through the balancer",
    check=layers(
        msgspec.structs.replace(
            on_hosts(
                Layer.DECLARED,
                (CONFIG, SERVERS, ADDRESSES),
                _declared,
                role="mta",
                cures=True,
            ),
            attributes=(ATTRIBUTE,),
        ),
        on_hosts(Layer.RENDERED, (POSTCONF, SERVERS, ADDRESSES), _rendered, role="mta"),
    ),
    refs=(
        "https://www.postfix.org/postconf.5.html#postscreen_upstream_proxy_protocol",
    ),
    note=(
        "Balancers are named in the profile (networks.proxies). A server of Zimbra's "
        "own that runs the proxy but no mailbox never needs to relay here. "
        "zimbraMtaPostscreenUpstreamProxyProtocol haproxy is for port 25 behind a "
        "balancer."
    ),
    examples=(
        passes(
            server={ATTRIBUTE: "127.0.0.0/8 192.0.2.10/32"},
            postconf={"mynetworks": "127.0.0.0/8 192.0.2.10/32"},
            profile=_BALANCER,
        ),
        unconcerned(
            server={ATTRIBUTE: "127.0.0.0/8"}, postconf={"mynetworks": "127.0.0.0/8"}
        ),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8 192.0.2.0/24"},
            postconf={"mynetworks": "127.0.0.0/8 192.0.2.0/24"},
            profile=_BALANCER,
        ),
        fails(
            config={},
            server={ATTRIBUTE: "127.0.0.0/8 192.0.2.0/24"},
            postconf={"mynetworks": "127.0.0.0/8 192.0.2.0/24"},
            addresses=("127.0.0.1", "192.0.2.10"),
            profile=_BALANCER,
        ),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8"},
            postconf={"mynetworks": "127.0.0.0/8 192.0.2.250/32"},
            profile=_BALANCER,
        ),
        unsure(server={ATTRIBUTE: "127.0.0.0/8 192.0.2.10/32"}, profile=_BALANCER),
        unsure(
            server={ATTRIBUTE: "127.0.0.0/8 192.0.2.0/24"},
            servers={"proxy.example.com": {"zimbraServiceEnabled": ("proxy",)}},
            postconf={"mynetworks": "127.0.0.0/8"},
        ),
    ),
    outside=no_balancer(),
)
