"""A shape for ports: who could reach a listener, as far as can be said already.

Which rule lets which address in is for `zmward firewall` to say. Here only two
things are judged: a socket on loopback cannot be reached, and a socket on another
address can where no packet filter is loaded, or only one that never drops.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator

from zmward.control import Check
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.firewall import FIREWALL, Family, Firewall
from zmward.sources.listeners import LISTENERS, Listener

VERB = "which addresses reach it is for `zmward firewall` to say"
FILTERLESS = "no packet filter that drops anything is loaded"
NO_CURE = "Close it with a packet filter that denies by default: `zmward firewall`."

Pick = Callable[[Facts, str, Listener], bool]


def open_to_all(found: Firewall, family: Family) -> bool | None:
    """Say whether nothing at all is dropped; None where a back end was not asked."""
    if any(one.drops or "drop" in one.policies for one in found.of(family)):
        return False
    return None if found.unasked else True


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


def unfiltered(facts: Facts, host: str, sockets: Iterable[Listener]) -> str:
    """Say that sockets are reached past no filter at all; empty where not sure.

    A socket for both families is no way in over IPv6 where no address is.
    """
    loaded = facts.read(FIREWALL, host)
    used = {family for one in sockets for family in families(one)}
    found = {family for family in used if open_to_all(loaded, family)}
    if found == {"ipv6"}:
        return f"{FILTERLESS} for IPv6" if ipv6_in_use(facts, host) else ""
    return FILTERLESS if found else ""


def reach(facts: Facts, host: str, wanted: str, pick: Pick) -> Iterator[Judgement]:
    """Judge the sockets that `pick` takes, by address and packet filter."""
    sockets = [one for one in facts.read(LISTENERS, host) if pick(facts, host, one)]
    far = [one for one in sockets if not one.loopback]
    if not sockets:
        yield not_concerned(Layer.RUNNING, host, "nothing listens there")
        return
    if not far:
        seen = ", ".join(sorted({shown(one) for one in sockets}))
        yield sound(Layer.RUNNING, host, source="listeners", seen=seen)
        return
    open_ = unfiltered(facts, host, far)
    seen = ", ".join(sorted({shown(one) for one in far}))
    if open_:
        yield deviates(
            Layer.RUNNING,
            host,
            f"{seen}; {open_}",
            wanted,
            no_cure=NO_CURE,
            source="listeners",
            seen=seen,
        )
    else:
        yield unknown(Layer.RUNNING, host, f"{seen}: {VERB}")


def reachable(wanted: str, pick: Pick, *, role: str = "") -> Check:
    """Judge on every node with a role who could reach some sockets."""
    return on_hosts(
        Layer.RUNNING,
        (LISTENERS, FIREWALL, ADDRESSES),
        lambda facts, host: reach(facts, host, wanted, pick),
        role=role,
    )


def ports(*numbers: int, protocol: str = "") -> Pick:
    """Pick sockets by port number."""
    wanted = set(numbers)
    return lambda _facts, _host, one: (
        one.port in wanted and protocol in ("", one.protocol)
    )
