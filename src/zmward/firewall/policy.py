"""The whitelist of one node, from what it really is and what the profile adds."""

from collections.abc import Iterable, Iterator

from zmward.facts import Facts
from zmward.firewall.extra import (
    Thing,
    extra_openings,
    refused_callers,
    refused_things,
    unknown_services,
)
from zmward.firewall.listening import undecided, usual_openings
from zmward.firewall.openings import (
    EVERYBODY,
    FAMILIES,
    Opening,
    Policy,
    Problem,
    Sources,
    Zone,
)
from zmward.firewall.services import services
from zmward.firewall.ssh import locked_out, ssh_openings, ssh_ports
from zmward.firewall.topology import topology
from zmward.firewall.zimbra import cluster_openings, zimbra_openings
from zmward.firewall.zones import problems as zone_problems
from zmward.firewall.zones import zones

_ORDER: tuple[Zone, ...] = (
    *("link", "admin", "cluster", "monitoring", "named", "balancers"),
    *("clients", "internet"),
)


def _split(
    found: Iterable[Opening | Problem],
) -> tuple[tuple[Opening, ...], tuple[Problem, ...]]:
    kept = tuple(found)
    return (
        tuple(one for one in kept if isinstance(one, Opening)),
        tuple(one for one in kept if isinstance(one, Problem)),
    )


def _taken(opening: Opening, refused: tuple[Thing, ...]) -> bool:
    """Say whether the profile refuses the very thing that something else opens."""
    return any(
        protocol == opening.protocol and spans == opening.ports
        for protocol, spans, _ in refused
    )


def _touches(one: Opening, thing: Thing) -> bool:
    """Say whether an opening and something refused have a port in common."""
    protocol, spans, _ = thing
    return protocol == one.protocol and (
        spans == one.ports
        or any(a <= y and x <= b for a, b in spans for x, y in one.ports)
    )


def _lets_in(one: Opening, who: Sources) -> bool:
    """Say whether an opening is for somebody of these."""
    return any(one.sources.of(family) & who.of(family) for family in FAMILIES)


def _everybody(one: Opening) -> bool:
    return any(one.sources.everybody(family) for family in FAMILIES)


def _contradicts(
    one: Opening, refused: tuple[Thing, ...], callers: Iterable[tuple[Thing, Sources]]
) -> bool:
    """Say whether an opening lets in what is refused.

    Where the rest of the world is refused, only an opening for everybody does.
    """
    if any(_touches(one, thing) for thing in refused):
        return True
    return any(
        _everybody(one) if who == EVERYBODY else _lets_in(one, who)
        for thing, who in callers
        if _touches(one, thing)
    )


def _contradictions(
    openings: Iterable[Opening],
    refused: tuple[Thing, ...],
    callers: tuple[tuple[Thing, Sources], ...],
) -> Iterator[Problem]:
    """Yield openings of which the profile refuses a part: what is meant is open."""
    for one in openings:
        if _contradicts(one, refused, callers):
            text = f"firewall.refuse and {one.origin} contradict over {one.name}."
            yield Problem("undecided", one.name, text)


def policy(facts: Facts, host: str, operators: Iterable[str] = ()) -> Policy:
    """Return what a node lets in; `operators` are addresses that must stay in."""
    profile, settings = facts.profile, facts.profile.firewall
    running = services(facts, host)
    place = topology(facts, host)
    known = zones(profile, place.addresses)
    ports, said, unsure = ssh_ports(facts, host)
    refused = tuple(refused_things(settings, running))
    kept = tuple(one for one in refused if not isinstance(one, Problem))
    partly = tuple(refused_callers(settings, running, known))
    callers = tuple(one for one in partly if not isinstance(one, Problem))
    # Whoever is not let in otherwise is refused: that decides over a listener.
    rest = tuple(thing for thing, who in callers if who == EVERYBODY)
    found, problems = _split(
        (
            *ssh_openings(facts, known, ports, said),
            *zimbra_openings(facts, host, running, known),
            *cluster_openings(place.accepts, ports),
            *usual_openings(facts, host, known),
        )
    )
    extra, wrong = _split(extra_openings(settings, running, known))
    openings = (*(o for o in found if not _taken(o, kept)), *extra)
    openings = tuple(sorted(openings, key=lambda o: _ORDER.index(o.zone)))
    closed = tuple(
        f"{service.name} ({service.port})"
        for service in running
        if not any(o.name == service.name for o in openings)
    )
    return Policy(
        host,
        openings,
        tuple(
            dict.fromkeys(
                (
                    *((unsure,) if unsure else ()),
                    *locked_out(facts, host, ports, openings, operators),
                    *zone_problems(profile),
                    *unknown_services(settings),
                    *(o for o in (*refused, *partly) if isinstance(o, Problem)),
                    *wrong,
                    *_contradictions(openings, kept, callers),
                    *place.problems,
                    *problems,
                    *undecided(facts, host, running, openings, (*kept, *rest)),
                )
            )
        ),
        place.outbound,
        closed,
        settings.bans,
    )
