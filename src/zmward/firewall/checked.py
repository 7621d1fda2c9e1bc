"""A node's rules against its policy: both families, each way in, and what listens."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from zmward.catalog.foreign_ports import foreign
from zmward.evidence import Answer, Unseen
from zmward.facts import Facts
from zmward.firewall.compare import Difference, Kind, compare
from zmward.firewall.openings import FAMILIES, Policy, Sources
from zmward.firewall.ranges import Family
from zmward.firewall.rules import Enters, OneOf, Probe, Ruleset
from zmward.firewall.services import names
from zmward.sources.addresses import ADDRESSES, interfaces
from zmward.sources.listeners import LISTENERS, Listener


class Deviating(msgspec.Struct, frozen=True):
    """Packets that the rules treat in another way than the policy does.

    `by` are the interfaces by which it is so, none where it is so by all of them;
    `listeners` say what listens there, None where the sockets were not seen.
    """

    kind: Kind
    what: str
    names: tuple[str, ...]
    sources: Sources
    said: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    listeners: tuple[str, ...] | None = None


class Checked(msgspec.Struct, frozen=True):
    """All deviations of the judged families, and why they may not be all."""

    host: str
    families: tuple[Family, ...]
    unfiltered: tuple[Family, ...]
    deviations: tuple[Deviating, ...]
    reasons: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Say whether everything could be judged."""
        return not self.reasons and all(d.kind != "unknown" for d in self.deviations)


def _ways(ruleset: Ruleset) -> Iterator[Enters]:
    """Yield what rules ask of the way in, but whether it is the loopback."""
    for chain in ruleset.chains.values():
        if chain.devices:
            yield Enters(chain.devices)
        for rule in chain.rules:
            for match in rule.matches:
                if isinstance(match, Enters) and set(match.names) != {"lo"}:
                    yield match
                elif isinstance(match, OneOf) and "entry" in match.fields:
                    place = match.fields.index("entry")
                    yield from (Enters((str(row[place]),)) for row in match.rows)


def entries(ruleset: Ruleset, known: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the interfaces in groups that no rule tells apart.

    One group with no name stands for whichever there are.
    """
    asked = tuple(set(_ways(ruleset)))
    names = tuple(known)
    if not asked or not names:
        return (("",),)
    groups: dict[tuple[bool, ...], list[str]] = {}
    for name in names:
        probe = Probe("ipv4", {}, entry=name)
        held = tuple(bool(match.take(probe).possible is None) for match in asked)
        groups.setdefault(held, []).append(name)
    return tuple(tuple(group) for group in groups.values())


def ways_in(ruleset: Ruleset, known: Iterable[str]) -> tuple[str, ...]:
    """Return one interface of each kind that rules tell apart."""
    return tuple(group[0] for group in entries(ruleset, known))


def known_interfaces(facts: Facts, host: str) -> tuple[str, ...]:
    """Return a node's interfaces, none where they were not seen."""
    answer = facts.evidence.answer(host, ADDRESSES.name)
    return interfaces(answer.text) if isinstance(answer, Answer) else ()


Sockets = tuple[tuple[Listener, str], ...]


def _called(one: Listener, called: Mapping[tuple[str, int], str]) -> str:
    """Return what a socket is: its port, its service, and the program behind it."""
    row = foreign(one.protocol, one.port)
    name = called.get((one.protocol, one.port)) or (row.name if row else "")
    program = f"({one.program})" if one.program and name else one.program
    return " ".join(word for word in (str(one.port), name, program) if word)


def _sockets(facts: Facts, host: str) -> Sockets | None:
    """Return what listens for the network, by port, each with what it is called."""
    try:
        found = facts.read(LISTENERS, host)
    except Unseen:
        return None
    called = names(facts, host)
    outside = sorted((o for o in found if not o.loopback), key=lambda o: o.port)
    return tuple((one, _called(one, called)) for one in outside)


def _listening(what: str, sockets: Sockets) -> tuple[str, ...]:
    protocol, _, ports = what.partition(" ")
    first, _, last = ports.partition("-")
    if not first.isdigit():
        return ()
    low, high = int(first), int(last or first)
    return tuple(
        dict.fromkeys(
            name
            for one, name in sockets
            if one.protocol == protocol and low <= one.port <= high
        )
    )


_Key = tuple[Kind, str, tuple[str, ...], tuple[str, ...]]


def _merged(
    found: Iterable[tuple[tuple[str, ...], Difference]], groups: int
) -> Iterator[Deviating]:
    """Yield differences of both families and all ways in as one where they are."""
    by_way: dict[tuple[_Key, tuple[str, ...]], Sources] = {}
    for way, one in found:
        key = (one.kind, one.what, one.names, one.said)
        own = Sources(**{one.family: one.sources})
        by_way[key, way] = by_way.get((key, way), Sources()) | own
    joined: dict[tuple[_Key, Sources], list[tuple[str, ...]]] = {}
    for (key, way), sources in by_way.items():
        joined.setdefault((key, sources), []).append(way)
    for ((kind, what, called, said), sources), ways in joined.items():
        by = () if len(ways) == groups else tuple(n for way in ways for n in way)
        yield Deviating(kind, what, called, sources, said, by)


def _doubtful(one: Deviating, missing: tuple[str, ...]) -> Deviating:
    """Return an excess as unknown: what was not asked may stop those packets."""
    if one.kind != "excess" or not missing:
        return one
    said = (f"not asked: {', '.join(missing)}",)
    return msgspec.structs.replace(one, kind="unknown", said=said)


def _reasons(policy: Policy, missing: tuple[str, ...]) -> Iterator[str]:
    if missing:
        yield f"rules may be loaded that were not asked for: {', '.join(missing)}"
    refused = len(policy.refused)
    if refused:
        number = "one problem" if refused == 1 else f"{refused} problems"
        yield f"the whitelist itself may not be loaded: it has {number}"


def check(
    facts: Facts,
    policy: Policy,
    ruleset: Ruleset,
    families: tuple[Family, ...] = FAMILIES,
    missing: tuple[str, ...] = (),
) -> Checked:
    """Return how a rule set differs; `missing` are back ends that were not asked."""
    host = policy.host
    groups = entries(ruleset, known_interfaces(facts, host))
    sockets = _sockets(facts, host)
    found = (
        (group, one)
        for group in groups
        for one in compare(policy, ruleset, group[0], families)
    )
    deviations = (_doubtful(one, missing) for one in _merged(found, len(groups)))
    return Checked(
        host,
        families,
        tuple(family for family in families if not ruleset.base(family)),
        tuple(
            msgspec.structs.replace(
                one,
                listeners=None if sockets is None else _listening(one.what, sockets),
            )
            for one in deviations
        ),
        tuple(_reasons(policy, missing)),
    )
