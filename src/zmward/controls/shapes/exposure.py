"""A shape for ports: who reaches a listener, by the rules that are loaded.

A socket on loopback cannot be reached. For any other, the loaded rules are asked for
all addresses of both families: whom they let in, and by which rule.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator

import msgspec

from zmward.control import Check
from zmward.controls.firewall._cure import NO_CURE
from zmward.controls.shapes.basic import Sources as Asked
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.reached import Excess, excess, told
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall import live, whitelist
from zmward.firewall.openings import Sources
from zmward.firewall.ranges import Family
from zmward.firewall.rules import PROTOCOLS
from zmward.sources.addresses import ADDRESSES
from zmward.sources.listeners import LISTENERS, Listener

NEEDS: Asked = tuple(dict.fromkeys((*live.NEEDS, *whitelist.NEEDS)))
Pick = Callable[[Facts, str, Listener], bool]
# Who may reach a port of a host's protocol.
Allowed = Callable[[Facts, str, int, int], Sources]


def shown(listener: Listener) -> str:
    """Return how findings name a socket."""
    address = f"[{listener.address}]" if ":" in listener.address else listener.address
    program = f" ({listener.program})" if listener.program else ""
    return f"{listener.protocol} {address}:{listener.port}{program}"


def families(listener: Listener) -> tuple[Family, ...]:
    """Return the families by which a socket can be reached."""
    # ss shows a socket for both families as `*`.
    if listener.address == "*":
        return ("ipv4", "ipv6")
    return ("ipv6",) if ":" in listener.address else ("ipv4",)


def ipv6_in_use(facts: Facts, host: str) -> bool:
    """Say whether an interface has an IPv6 address; a link-local one is enough."""
    addresses = facts.read(ADDRESSES, host)
    found = [ipaddress.ip_address(address) for address in addresses]
    return any(one.version == 6 and not one.is_loopback for one in found)  # noqa: PLR2004  # IPv6


class Seen(msgspec.Struct, frozen=True):
    """What strangers reach of some sockets: surely, possibly, and what is not known."""

    sure: tuple[tuple[Listener, Excess], ...] = ()
    doubts: tuple[str, ...] = ()


def _number(listener: Listener) -> int:
    return PROTOCOLS[listener.protocol]


def _met(
    facts: Facts, host: str, one: Listener, family: Family, allowed: Allowed
) -> Excess:
    rules = live.loaded_rules(facts, host)
    protocol = _number(one)
    destination = -1
    if not one.everywhere:
        destination = int(ipaddress.ip_address(one.address))
    found = rules.reached(protocol, one.port, family, destination=destination)
    may = allowed(facts, host, protocol, one.port).of(family)
    return excess(facts, host, found, may, own=rules.own[family], family=family)


def reached(
    facts: Facts, host: str, sockets: Iterable[Listener], allowed: Allowed
) -> Seen:
    """Return what others than the allowed reach of some sockets."""
    sure, doubts = [], []
    for one in dict.fromkeys(sockets):
        for family in families(one):
            try:
                if family == "ipv6" and not ipv6_in_use(facts, host):
                    continue
                found = _met(facts, host, one, family, allowed)
            except Unseen as signal:
                doubts.append(signal.missing.reason)
                continue
            if found.sure:
                sure.append((one, found))
            elif found.doubt:
                doubts.append(f"{shown(one)}: {found.doubt}")
    return Seen(tuple(sure), tuple(dict.fromkeys(doubts)))


def _said(seen: Seen) -> Iterator[tuple[str, str]]:
    """Yield each socket that is reached, with everything that is said of it."""
    by_port: dict[tuple[str, int], list[tuple[Listener, Excess]]] = {}
    for one, found in seen.sure:
        by_port.setdefault((one.protocol, one.port), []).append((one, found))
    for pairs in by_port.values():
        sockets = ", ".join(dict.fromkeys(shown(one) for one, _ in pairs))
        whole = dict.fromkeys(found for _, found in pairs)
        yield sockets, f"{sockets} is reached {told(whole)}"


def judged(host: str, wanted: str, seen: Seen) -> Iterator[Judgement]:
    """Yield a deviation for each port that strangers reach, and what is not known."""
    for sockets, text in _said(seen):
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            wanted,
            source="listeners",
            seen=sockets,
            no_cure=NO_CURE,
        )
    for doubt in seen.doubts:
        yield unknown(Layer.RUNNING, host, doubt)


def reach(
    facts: Facts, host: str, wanted: str, pick: Pick, allowed: Allowed
) -> Iterator[Judgement]:
    """Judge the sockets that `pick` takes, by address and loaded rules."""
    sockets = [one for one in facts.read(LISTENERS, host) if pick(facts, host, one)]
    far = [one for one in sockets if not one.loopback]
    if not sockets:
        yield not_concerned(Layer.RUNNING, host, "nothing listens there")
        return
    seen = reached(facts, host, far, allowed)
    found = tuple(judged(host, wanted, seen))
    yield from found
    if not found:
        names = ", ".join(sorted({shown(one) for one in sockets}))
        yield sound(Layer.RUNNING, host, source="listeners", seen=names)


def cluster(facts: Facts, host: str, protocol: int, port: int) -> Sources:
    """Allow the cluster, and whom the profile names for the port."""
    return whitelist.inner(facts, host, protocol, port, ("cluster",))


def administrators(facts: Facts, host: str, protocol: int, port: int) -> Sources:
    """Allow the cluster, administrators, and whom the profile names for the port."""
    return whitelist.inner(facts, host, protocol, port, ("cluster", "admin"))


def reachable(
    wanted: str, pick: Pick, *, role: str = "", allowed: Allowed = cluster
) -> Check:
    """Judge on every node with a role who could reach some sockets."""
    return on_hosts(
        Layer.RUNNING,
        NEEDS,
        lambda facts, host: reach(facts, host, wanted, pick, allowed),
        role=role,
    )


def ports(*numbers: int, protocol: str = "") -> Pick:
    """Pick sockets by port number."""
    wanted = set(numbers)
    return lambda _facts, _host, one: (
        one.port in wanted and protocol in ("", one.protocol)
    )
