"""IPv6 packets are dropped unless a rule lets them in."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.firewall._examples import NO_RULES, both, ipv4
from zmward.controls.shapes.exposure import ipv6_in_use
from zmward.controls.shapes.packets import filtered
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.kernel import KERNEL


def _unused(facts: Facts, host: str) -> str:
    # The switch for all interfaces may be undone for one of them: addresses decide.
    if ipv6_in_use(facts, host):
        return ""
    if facts.read(KERNEL, host).ipv6_disabled:
        return "IPv6 is switched off in the kernel, and no interface has an address"
    return "no interface has an IPv6 address"


_ON = "running 5.15.0-91-generic\ndisable_ipv6 0\n"

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
        fails(firewall=ipv4(), addresses=("2001:db8::10",), raw={"kernel": _ON}),
        fails(firewall=NO_RULES, addresses=("fe80::1",), raw={"kernel": _ON}),
        fails(
            firewall=NO_RULES,
            addresses=("192.0.2.10", "2001:db8::10"),
            raw={"kernel": _ON.replace("ipv6 0", "ipv6 1")},
        ),
        passes(firewall=both(), addresses=("2001:db8::10",), raw={"kernel": _ON}),
        fails(
            firewall=both("-s 2001:db8:5::/48 -j ACCEPT"),
            addresses=("2001:db8::10",),
            raw={"kernel": _ON},
        ),
        unsure(firewall=both(), missing=("kernel", "addresses")),
        unconcerned(
            firewall=NO_RULES,
            addresses=("192.0.2.10", "::1"),
            raw={"kernel": _ON},
        ),
        unconcerned(
            firewall=NO_RULES,
            addresses=("192.0.2.10",),
            raw={"kernel": _ON.replace("ipv6 0", "ipv6 1")},
        ),
    ),
)
