"""What was observed and is neither let in nor refused by name."""

from collections.abc import Iterable, Iterator
from typing import Final

from zmward.catalog.foreign_ports import foreign
from zmward.firewall.admits import admits, holds, numbered, openings_for
from zmward.firewall.extra import addresses, things
from zmward.firewall.observed import ICMP, Between, Observed, Wanted
from zmward.firewall.openings import Policy, Problem
from zmward.firewall.zones import Zones, as_seen
from zmward.profile import Profile, Refuse

_SHOWN: Final = 5
_ADVICE: Final = (
    "allow it in [[firewall.allow]], or refuse it in [[firewall.refuse]] with "
    'from = ["internet"]:'
)
# Flows of which one that finds no room may be one that somebody needs.
_NEEDED: Final = frozenset({"told", "spoken"})


def _about(entry: Refuse, wanted: Wanted) -> bool:
    """Say whether an entry of the profile is about what was asked for."""
    if entry.name and entry.name == wanted.name:
        return True
    found = things(entry, ())
    return not isinstance(found, Problem) and any(
        numbered(protocol) == numbered(wanted.protocol)
        and (not spans or any(a <= wanted.port <= b for a, b in spans))
        for protocol, spans, _ in found
    )


def _refused(wanted: Wanted, profile: Profile, known: Zones, source: str) -> bool:
    for entry in profile.firewall.refuse:
        if not _about(entry, wanted):
            continue
        found = addresses(entry, known)
        if not entry.from_ or (
            not isinstance(found, Problem) and holds(found[0], source)
        ):
            return True
    return False


def _harmless(wanted: Wanted, profile: Profile) -> bool:
    """Say whether nothing is lost, whoever asked, or all of it is decided by name."""
    row = foreign(wanted.protocol, wanted.port) if wanted.port else None
    return (
        wanted.protocol in ICMP
        or wanted.listening is False
        or (row is not None and row.noise)
        or wanted.name in profile.firewall.services
    )


def open_callers(wanted: Wanted, policy: Policy, profile: Profile) -> tuple[str, ...]:
    """Return who asked for something, and nobody has said what shall become of it."""
    if _harmless(wanted, profile):
        return ()
    known = as_seen(profile, (policy,))
    sources = tuple(one.source for one in wanted.callers)
    if wanted.reason == "too-many":
        # Whoever is let in without a limit has been looked after.
        opened = openings_for(policy, wanted.protocol, wanted.port)
        free = [one for one in opened if not one.rate]
        return tuple(s for s in sources if not any(holds(o.sources, s) for o in free))
    return tuple(
        source
        for source in sources
        if not admits(policy, wanted.protocol, wanted.port, source)
        and not _refused(wanted, profile, known, source)
    )


def _said(sources: Iterable[str]) -> str:
    kept = tuple(sources)
    more = len(kept) - _SHOWN
    return ", ".join(kept[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _problem(wanted: Wanted, sources: tuple[str, ...]) -> Problem:
    name = f" ({wanted.name})" if wanted.name not in ("", wanted.protocol) else ""
    what = f"{wanted.thing}{name}"
    if wanted.reason == "too-many":
        text = (
            f"{_said(sources)} opened more connections to {what} than the limit lets "
            "in: name them in networks.relays, or raise the limit."
        )
        return Problem("observed", wanted.thing, text, refuses=False)
    key = (
        f'name = "{wanted.name}"' if wanted.name else f'protocol = "{wanted.protocol}"'
    )
    if not wanted.name and wanted.port:
        key = f"port = {wanted.port}, {key}"
    text = (
        f"{_said(sources)} asked for {what}, and the policy would drop that; "
        f"{_ADVICE} {key}."
    )
    return Problem("observed", wanted.thing, text)


def _connected(one: Between, policy: Policy, profile: Profile) -> Iterator[Problem]:
    """Yield a connection from outside that could not be opened again."""
    if not one.inbound or not open_callers(one.wanted(), policy, profile):
        return
    name = f" ({one.name})" if one.name else ""
    key = f'name = "{one.name}"' if one.name else f'port = {one.port}, protocol = "tcp"'
    text = (
        f"{one.source} is connected to tcp {one.port}{name} and could not come again; "
        f"{_ADVICE} {key}."
    )
    yield Problem("observed", f"tcp {one.port}", text)


def _incomplete(observed: Observed) -> Iterator[Problem]:
    for kind, packets in observed.uncounted.items():
        text = f"{packets} packets found no room in the set {kind}: observe again."
        yield Problem("observed", kind, text, refuses=kind in _NEEDED)
    if observed.untracked:
        text = (
            f"{observed.untracked} packets are exempt from connection tracking "
            "(notrack): the policy would drop the answers that this host waits for."
        )
        yield Problem("observed", "untracked", text)
    if observed.ended != "time":
        text = (
            f"Only {observed.seconds} of {observed.asked} seconds were observed: "
            f"{observed.ended}."
        )
        yield Problem("observed", "time", text, refuses=False)


def unsettled(
    observed: Observed, policy: Policy, profile: Profile
) -> Iterator[Problem]:
    """Yield what keeps a policy from being loaded after an observation."""
    if observed.host != policy.host:
        text = f"It was {observed.host} that was observed, not {policy.host}."
        yield Problem("observed", observed.host, text)
        return
    for wanted in observed.wanted:
        sources = open_callers(wanted, policy, profile)
        if sources:
            yield _problem(wanted, sources)
    found = (p for o in observed.open_before for p in _connected(o, policy, profile))
    yield from dict.fromkeys(found)
    yield from _incomplete(observed)
