"""A node's rules against its policy: both families, each way in, and what listens."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from zmward.catalog.foreign_ports import of_socket
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.bans import without_bans
from zmward.firewall.compare import Kind, differences
from zmward.firewall.folded import folded
from zmward.firewall.narrowed import Narrowed
from zmward.firewall.openings import FAMILIES, Policy, Sources
from zmward.firewall.ranges import Family, Ranges
from zmward.firewall.rules import Ruleset
from zmward.firewall.services import names
from zmward.firewall.ways import Held, Way, held, ways
from zmward.sources.listeners import LISTENERS, Listener


class Deviating(msgspec.Struct, frozen=True):
    """Packets that the rules treat in another way than the policy does.

    `by` are interfaces and own addresses where it is so; none where it is so for all;
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
    """All deviations of the judged families, and why they may not be all.

    `bans` is how many rules keep banned addresses out: they are left aside.
    """

    host: str
    families: tuple[Family, ...]
    unfiltered: tuple[Family, ...]
    deviations: tuple[Deviating, ...]
    reasons: tuple[str, ...] = ()
    bans: int = 0

    @property
    def complete(self) -> bool:
        """Say whether everything could be judged."""
        return not self.reasons and all(d.kind != "unknown" for d in self.deviations)


Sockets = tuple[tuple[Listener, str], ...]


def _called(one: Listener, called: Mapping[tuple[str, int], str]) -> str:
    """Return what a socket is: its port, its service, and the program behind it."""
    row = of_socket(one.protocol, one.port, one.program)
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


def _found(
    policy: Policy, ruleset: Ruleset, families: Iterable[Family], own: Held
) -> Iterator[tuple[_Key, tuple[str, ...], Sources]]:
    """Yield every difference, and by which ways it is so: none means by all."""
    short = folded(ruleset)
    for family in families:
        all_ways = ways(short, family, own)
        rules = Narrowed(short, family)
        by_way: dict[tuple[_Key, Ranges], list[Way]] = {}
        for way in all_ways:
            where = (way.entry, way.destination)
            for one in differences(policy, rules, family, *where):
                key = (one.kind, one.what, one.names, one.said)
                by_way.setdefault((key, one.sources), []).append(way)
        for (key, sources), some in by_way.items():
            said = tuple(dict.fromkeys(name for way in some for name in way.said))
            by = () if len(some) == len(all_ways) else said
            yield key, by, Sources(**{family: sources})


def _merged(
    found: Iterable[tuple[_Key, tuple[str, ...], Sources]],
) -> Iterator[Deviating]:
    """Yield what both families have in common as one."""
    joined: dict[tuple[_Key, tuple[str, ...]], Sources] = {}
    for key, by, sources in found:
        joined[key, by] = joined.get((key, by), Sources()) | sources
    for ((kind, what, called, said), by), sources in joined.items():
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
    sockets = _sockets(facts, host)
    rules, bans = without_bans(ruleset)
    found = _merged(_found(policy, rules, families, held(facts, host)))
    deviations = (_doubtful(one, missing) for one in found)
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
        bans,
    )
