"""IPv6 packets are dropped unless a rule lets them in."""

from zmward.control import Control, Severity, fails, unconcerned, unsure
from zmward.controls.shapes.exposure import ipv6_in_use
from zmward.controls.shapes.packets import filtered
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.firewall import Filter, Firewall
from zmward.sources.kernel import KERNEL


def _unused(facts: Facts, host: str) -> str:
    # The switch for all interfaces may be undone for one of them: addresses decide.
    if ipv6_in_use(facts, host):
        return ""
    if facts.read(KERNEL, host).ipv6_disabled:
        return "IPv6 is switched off in the kernel, and no interface has an address"
    return "no interface has an IPv6 address"


_ON = "running 5.15.0-91-generic\ndisable_ipv6 0\n"
_V4_ONLY = Firewall((Filter("iptables legacy", ("ipv4",), ("drop",), 9, drops=True),))
_BOTH = Firewall((Filter("nft inet f", ("ipv4", "ipv6"), ("drop",), 9, drops=True),))

CONTROL = Control(
    id="ipv6-packets-filtered",
    title="IPv6 packets are dropped unless a rule lets them in",
    why=(
        "Rules for IPv4 say nothing about IPv6: a server that is closed on one may be "
        "wide open on the other."
    ),
    impact="Whatever no rule names is closed; ICMPv6 has to stay open.",
    severity=Severity.CRITICAL,
    tips=("T04", "S1"),
    locks_out="administrators and cluster nodes that no rule names",
    check=filtered("ipv6", _unused, (KERNEL, ADDRESSES)),
    refs=("https://www.rfc-editor.org/rfc/rfc4890",),
    note=(
        "The published guide's iptables6 exists nowhere; the program is ip6tables. "
        "Neighbour "
        "discovery and path MTU need ICMPv6, so a copy of the IPv4 rules breaks it."
    ),
    examples=(
        fails(firewall=_V4_ONLY, addresses=("2001:db8::10",), raw={"kernel": _ON}),
        fails(firewall=Firewall(), addresses=("fe80::1",), raw={"kernel": _ON}),
        fails(
            firewall=Firewall(),
            addresses=("192.0.2.10", "2001:db8::10"),
            raw={"kernel": _ON.replace("ipv6 0", "ipv6 1")},
        ),
        unsure(firewall=_BOTH, addresses=("2001:db8::10",), raw={"kernel": _ON}),
        unsure(firewall=_BOTH, missing=("kernel", "addresses")),
        unconcerned(
            firewall=Firewall(),
            addresses=("192.0.2.10", "::1"),
            raw={"kernel": _ON},
        ),
        unconcerned(
            firewall=Firewall(),
            addresses=("192.0.2.10",),
            raw={"kernel": _ON.replace("ipv6 0", "ipv6 1")},
        ),
    ),
)
