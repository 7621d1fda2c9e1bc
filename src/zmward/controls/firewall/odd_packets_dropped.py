"""Packets that begin no honest connection are dropped: null, XMAS, new without SYN."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._cure import NO_CURE
from zmward.controls.firewall._examples import NO_RULES, both, ipv4
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.exposure import NEEDS, ipv6_in_use
from zmward.controls.shapes.packets import TRUSTED
from zmward.controls.shapes.reached import Excess, excess, networks, told
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.basics import ODD
from zmward.firewall.live import loaded_rules
from zmward.firewall.open_before import open_before
from zmward.firewall.openings import FAMILIES
from zmward.firewall.ranges import Family
from zmward.firewall.rules import FLAGS, PROTOCOLS
from zmward.firewall.whitelist import zone_sources
from zmward.sources.listeners import LISTENERS, Listener

_TCP = PROTOCOLS["tcp"]
# As the whitelist drops them, and the rest of what is new and carries no SYN.
_KINDS = {
    **{one.name: sum(FLAGS[word] for word in one.wanted) for one in ODD},
    "all flags": 63,
    "new ACK": FLAGS["ACK"],
    "new SYN and ACK": FLAGS["SYN"] | FLAGS["ACK"],
    "new FIN": FLAGS["FIN"],
    "new FIN and ACK": FLAGS["FIN"] | FLAGS["ACK"],
    "new RST": FLAGS["RST"],
}


def _ports(facts: Facts, host: str, family: Family) -> tuple[int, ...]:
    """Return the ports that answer, and one that no rule names."""
    own = {
        one.port
        for one in facts.read(LISTENERS, host)
        if one.protocol == "tcp" and not one.loopback
    }
    return (*sorted(own), loaded_rules(facts, host).wide(family)[0])


def _met(facts: Facts, host: str, family: Family) -> Iterator[tuple[str, int, Excess]]:
    rules = loaded_rules(facts, host)
    trusted = zone_sources(facts, host, TRUSTED).of(family)
    spared = trusted | open_before(rules.rules, family)
    for port in _ports(facts, host, family):
        for kind, flags in _KINDS.items():
            found = rules.reached(_TCP, port, family, flags=flags)
            own = rules.own[family]
            met = excess(facts, host, found, spared, own=own, family=family)
            yield kind, port, met


def _judged(facts: Facts, host: str, family: Family) -> Iterator[Judgement]:
    let_in: dict[str, tuple[dict[str, None], dict[int, None]]] = {}
    doubts: dict[str, None] = {}
    for kind, port, found in _met(facts, host, family):
        if found.sure:
            kinds, ports = let_in.setdefault(told((found,)), ({}, {}))
            kinds[kind], ports[port] = None, None
        elif found.doubt:
            doubts[f"{kind} to tcp {port}: {found.doubt}"] = None
    for text, (kinds, ports) in let_in.items():
        where = ", ".join(str(port) for port in list(ports)[:5])
        more = f" and {len(ports) - 5} more ports" if len(ports) > 5 else ""  # noqa: PLR2004
        yield deviates(
            Layer.RUNNING,
            host,
            f"{', '.join(kinds)} get in (tcp {where}{more}) {text}",
            "dropped",
            source="firewall",
            no_cure=NO_CURE,
        )
    for doubt in list(doubts)[:3]:
        yield unknown(Layer.RUNNING, host, doubt)


def _older(facts: Facts, host: str) -> str:
    """Say of whom it was not asked: their connections are older than our rules."""
    rules = loaded_rules(facts, host).rules
    found = {family: open_before(rules, family) for family in FAMILIES}
    nets = [networks(some, family) for family, some in found.items() if some]
    if not nets:
        return ""
    return f"; connected before the rules, so not judged: {'; '.join(nets)}"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found: list[Judgement] = []
    for family in FAMILIES:
        try:
            if family == "ipv6" and not ipv6_in_use(facts, host):
                continue
            found += _judged(facts, host, family)
        except Unseen as signal:
            found.append(unknown(Layer.RUNNING, host, signal.missing.reason))
    yield from found
    if not found:
        seen = f"dropped: {', '.join(_KINDS)}{_older(facts, host)}"
        yield sound(Layer.RUNNING, host, source="firewall", seen=seen)


_SYN_ONLY = (
    "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP",
    "-p tcp -m tcp --dport 25 -j ACCEPT",
)
_LISTENING = (Listener("tcp", "192.0.2.10", 25, "master"),)
_ADDRESSES = ("192.0.2.10", "2001:db8::10")

CONTROL = Control(
    id="odd-packets-dropped",
    title="Null, XMAS and new packets without SYN are dropped",
    why=(
        "No honest client begins with them: they are how scanners look past filters, "
        "and a new ACK slips into rules that only ask for established connections."
    ),
    impact="None: connections that stand are known by their state.",
    severity=Severity.LOW,
    tips=("T03", "T04"),
    locks_out="administrators and cluster nodes that no rule names",
    check=on_hosts(Layer.RUNNING, NEEDS, _look),
    refs=("https://wiki.nftables.org/",),
    note=(
        "Connection tracking takes a packet with ACK alone for a new connection, "
        "unless nf_conntrack_tcp_loose is 0; whether it is, is not looked at. For a "
        "day, our own rules let the far ends of connections that are older than they "
        "go on without a SYN: these addresses are left out."
    ),
    examples=(
        passes(
            firewall=both(*_SYN_ONLY).replace("--dport 22 -j", "--dport 22 --syn -j"),
            listeners=_LISTENING,
            addresses=_ADDRESSES,
        ),
        passes(
            firewall=both("-m conntrack --ctstate INVALID -j DROP", *_SYN_ONLY).replace(
                "--dport 22 -j", "--dport 22 --syn -j"
            ),
            listeners=_LISTENING,
            addresses=_ADDRESSES,
        ),
        fails(firewall=NO_RULES, listeners=_LISTENING, addresses=_ADDRESSES),
        fails(firewall=both(), listeners=(Listener("tcp", "*", 22, "sshd"),)),
        fails(
            firewall=both("-p tcp -m tcp --dport 25 -j ACCEPT"),
            listeners=_LISTENING,
            addresses=_ADDRESSES,
        ),
        fails(
            firewall=both(
                "-m conntrack --ctstate INVALID -j DROP",
                "-p tcp -m tcp --dport 25 -j ACCEPT",
            ),
            listeners=_LISTENING,
            addresses=_ADDRESSES,
        ),
        fails(
            firewall=ipv4(*_SYN_ONLY).replace("--dport 22 -j", "--dport 22 --syn -j"),
            listeners=_LISTENING,
            addresses=_ADDRESSES,
        ),
        unsure(
            firewall=both("-m set --match-set friends src -j ACCEPT"),
            listeners=_LISTENING,
            addresses=_ADDRESSES,
        ),
        unsure(missing=("listeners", "firewall")),
    ),
)
