"""The loaded rules let in what the whitelist says, and nothing else."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._cure import NO_CURE
from zmward.controls.firewall._examples import GIVEN, NO_RULES, both
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.exposure import NEEDS, ipv6_in_use
from zmward.controls.shapes.outside_ports import AS_THE_POLICY_SAYS
from zmward.controls.shapes.reached import rules as told_rules
from zmward.controls.shapes.reached import where
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.firewall.compare import Difference, differences
from zmward.firewall.live import Live, loaded_rules
from zmward.firewall.openings import FAMILIES, Policy
from zmward.firewall.ranges import Family
from zmward.firewall.rules import PROTOCOLS
from zmward.firewall.services import services
from zmward.firewall.whitelist import comers, unresolved, whitelist

_NAMES = {"ipv4": "IPv4", "ipv6": "IPv6"}
_SHOWN = 8
_NOBODY = "networks.admins names nobody, so the whitelist lets everybody in"
_WANTED = "what the whitelist says: `zmward firewall show`"


def _span(what: str) -> tuple[int, int, int] | None:
    """Return protocol, first and last port of `tcp 25-30`; None for others."""
    name, _, ports = what.partition(" ")
    first, _, last = ports.partition("-")
    if name not in ("tcp", "udp") or not first.isdigit():
        return None
    return PROTOCOLS[name], int(first), int(last or first)


def _open_questions(
    facts: Facts, host: str, found: Policy
) -> frozenset[tuple[int, int]]:
    """Return the ports of which the profile does not say whether they are wanted."""
    running = {service.name: service for service in services(facts, host)}
    asked: set[tuple[int, int]] = set()
    for problem in found.refused:
        service, span = running.get(problem.subject), _span(problem.subject)
        if service is not None:
            asked |= {(PROTOCOLS[name], service.port) for name in service.row.protocols}
        elif span is not None:
            asked.add(span[:2])
    return frozenset(asked)


def _own(facts: Facts, host: str, rules: Live, family: Family) -> Iterator[Difference]:
    """Yield the differences of a family, of those sources that can come at all."""
    found = whitelist(facts, host)
    nobody_named = any(one.kind == "no-admin-network" for one in found.problems)
    asked = _open_questions(facts, host, found)
    all_comers = comers(rules.own[family], family)
    seen: dict[Difference, None] = {}
    for way in rules.ways[family]:
        narrow = rules.narrowed[family]
        for one in differences(found, narrow, family, way.entry, way.destination):
            some = one.sources & all_comers
            span = _span(one.what)
            undecided = span is not None and all(
                (span[0], port) in asked
                for port in range(span[1], min(span[2], span[1] + 64) + 1)
            )
            # Without administrators' networks, rules that let in fewer are better.
            fewer = nobody_named and one.kind == "missing" and "ssh" in one.names
            if fewer:
                one = replace(one, kind="unknown", said=(_NOBODY,))  # noqa: PLW2901
            if some and not undecided:
                seen[replace(one, sources=some)] = None
    yield from seen


def _text(facts: Facts, host: str, rules: Live, one: Difference) -> tuple[str, str]:
    """Return what a difference is in words, and why it may be none."""
    all_comers = comers(rules.own[one.family], one.family)
    place = f"{where(one.sources, all_comers, one.family)} over {_NAMES[one.family]}"
    names = f" ({', '.join(one.names)})" if one.names else ""
    if one.kind == "missing":
        return f"{one.what}{names} is not let in {place}", ""
    if one.kind == "unknown":
        said = "; ".join(one.said[:3]) or "the rules end in two ways"
        return "", f"whether {one.what}{names} is let in {place} is not known: {said}"
    span = _span(one.what)
    by = ""
    if span is not None:
        found = rules.reached(span[0], span[1], one.family)
        by = f": {', '.join(told_rules(found, one.sources))}"
    why = unresolved(facts, host, one.sources)
    text = f"{one.what}{names} is let in {place}{by}"
    return ("", f"{text}; perhaps for peers: {why}") if why else (text, "")


def _judged(facts: Facts, host: str, family: Family) -> Iterator[Judgement]:
    rules = loaded_rules(facts, host)
    if rules.missing:
        raise Unseen(Missing(f"not asked: {', '.join(rules.missing)}"))
    if not rules.filters(family):
        texts = [(f"no rule looks at packets of {_NAMES[family]}", "")]
    else:
        found = _own(facts, host, rules, family)
        texts = [_text(facts, host, rules, one) for one in found]
    wrong = [text for text, _ in texts if text]
    for number, text in enumerate(wrong[:_SHOWN], 1):
        more = len(wrong) - _SHOWN if number == _SHOWN else 0
        yield deviates(
            Layer.RUNNING,
            host,
            f"{text} (and {more} more)" if more > 0 else text,
            _WANTED,
            source="firewall",
            no_cure=NO_CURE,
        )
    for _, doubt in texts[:_SHOWN]:
        if doubt:
            yield unknown(Layer.RUNNING, host, doubt)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found: list[Judgement] = []
    for family in FAMILIES:
        try:
            if family == "ipv4" or ipv6_in_use(facts, host):
                found += _judged(facts, host, family)
        except Unseen as signal:
            found.append(unknown(Layer.RUNNING, host, signal.missing.reason))
    for problem in whitelist(facts, host).refused[:3]:
        text = f"the whitelist is not decided: {problem.text}"
        found.append(unknown(Layer.RUNNING, host, text))
    yield from dict.fromkeys(found)
    if not found:
        yield sound(Layer.RUNNING, host, source="firewall", seen="as the whitelist")


_ANY = "-p tcp -m tcp --dport 22 -j ACCEPT"
_ADMINS = "-s 10.9.0.0/24 -p tcp -m tcp --dport 22 -j ACCEPT"
_ICMP = "-p icmp -m icmp --icmp-type {} -j ACCEPT"
_FITTING = (
    *(_ICMP.format(kind) for kind in (3, 8, 11, 12)),
    "-p tcp -m multiport --dports 25,443 -j ACCEPT",
)


def _rules(*more: str) -> str:
    return both(*_FITTING, *more).replace(_ANY, _ADMINS, 1)


CONTROL = Control(
    id="rules-equal-whitelist",
    title="The loaded rules let in what the whitelist says, and no more",
    why=(
        "Rules grow by hand: an opening for a test, a partner who left, a port that "
        "moved. What is open and why is known only where rules and policy agree."
    ),
    impact="Whoever comes by an opening that the whitelist does not have.",
    severity=Severity.MEDIUM,
    tips=("S1", "S2", "S3", "S4", "T03", "T04"),
    locks_out="administrators and cluster nodes that the whitelist does not name",
    check=on_hosts(Layer.RUNNING, NEEDS, _look),
    refs=("https://wiki.zimbra.com/wiki/Ports",),
    note=(
        "The whitelist follows from the server's settings, the directory and the "
        "profile: `zmward firewall show`. What the profile leaves open is UNKNOWN."
    ),
    outside=AS_THE_POLICY_SAYS,
    examples=(
        passes(firewall=_rules(), **GIVEN),
        fails(firewall=_rules("-p tcp -m tcp --dport 7071 -j ACCEPT"), **GIVEN),
        fails(firewall=_rules("-s 10.0.0.0/8 -j ACCEPT"), **GIVEN),
        fails(firewall=_rules().replace("25,443", "443"), **GIVEN),
        fails(firewall=NO_RULES, **GIVEN),
        unsure(firewall=_rules("-m set --match-set a src -j ACCEPT"), **GIVEN),
        unsure(firewall=_rules(), **{**GIVEN, "profile": {}}),
        unsure(missing=("firewall",)),
    ),
)
