"""Whether some rules let in SSH and Zimbra's ports as the whitelist has them.

Bans come and go: a few addresses that are kept out are no fault of the rules.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from zmward.controls.shapes.exposure import ipv6_in_use
from zmward.controls.shapes.packets import TRUSTED
from zmward.controls.shapes.reached import excess, told, where
from zmward.facts import Facts
from zmward.firewall.live import Entrants, Live
from zmward.firewall.openings import FAMILIES, Policy, Problem, protocol
from zmward.firewall.ranges import Family, Ranges, everything
from zmward.firewall.rules import PROTOCOLS
from zmward.firewall.services import services
from zmward.firewall.whitelist import comers, opened, whitelist, zone_sources
from zmward.sources.listeners import LISTENERS

_SSH: Final = "ssh"
_NAMES: Final[Mapping[Family, str]] = {"ipv4": "IPv4", "ipv6": "IPv6"}
# These are about what is not Zimbra's, or no part of what is let in.
_OF_OTHERS: Final = ("listener", "unknown-service", "forwarded", "observed")
_NOBODY: Final = (
    "networks.admins names nobody, so whether administrators are among those whom the "
    "rules let in to SSH is not known"
)
# So many times more than the banned must be let in.
_FEW: Final = 256
_Text = tuple[str, str]


class Told(msgspec.Struct, frozen=True):
    """What the rules let in or keep out against the whitelist, and what is in doubt."""

    wrong: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()


class _Port(msgspec.Struct, frozen=True):
    """One port of SSH or of a service of Zimbra's; `inner`: on the loopback alone."""

    name: str
    number: int
    port: int
    inner: bool = False

    @property
    def text(self) -> str:
        """Return how findings name it."""
        return f"{protocol(self.number)} {self.port} ({self.name})"


def _asked(found: Policy, names: Iterable[str]) -> Iterator[tuple[Problem, str]]:
    """Yield what keeps the whitelist from being decided, with its service."""
    known = frozenset(names)
    for problem in found.refused:
        if problem.kind not in _OF_OTHERS:
            yield problem, problem.subject if problem.subject in known else ""


def _ports(facts: Facts, host: str) -> Iterator[_Port]:
    """Yield every port that is SSH's or a service's of the catalog on a node."""
    for one in whitelist(facts, host).openings:
        if one.name == _SSH:
            for first, last in one.ports:
                yield from (
                    _Port(_SSH, one.number, port) for port in range(first, last + 1)
                )
    sockets = facts.read(LISTENERS, host)
    for service in services(facts, host):
        for name in service.row.protocols:
            own = [s for s in sockets if (s.protocol, s.port) == (name, service.port)]
            inner = bool(own) and all(socket.loopback for socket in own)
            yield _Port(service.name, PROTOCOLS[name], service.port, inner)


class _Judge:
    """Asks one node's rules for port after port."""

    def __init__(self, facts: Facts, host: str, rules: Live) -> None:
        self._facts, self._host, self._rules = facts, host, rules
        both = ipv6_in_use(facts, host)
        self._families = FAMILIES if both else FAMILIES[:1]
        found = whitelist(facts, host)
        self._nobody = any(one.kind == "no-admin-network" for one in found.problems)
        self._trusted = zone_sources(facts, host, TRUSTED)

    def _met(self, one: _Port, family: Family) -> Entrants:
        return self._rules.reached(one.number, one.port, family)

    def _comers(self, family: Family) -> Ranges:
        return comers(self._rules.own[family], family)

    def excess(self, one: _Port) -> Iterator[_Text]:
        """Yield who is let in beyond the whitelist, or why that is in doubt."""
        wanted = opened(self._facts, self._host, one.number, one.port) | self._trusted
        for family in () if one.inner else self._families:
            found = excess(
                *(self._facts, self._host, self._met(one, family), wanted.of(family)),
                own=self._rules.own[family],
                family=family,
            )
            if found.sure:
                yield f"let in {told((found,))}", ""
            elif found.doubt:
                yield "", f"{one.text}: {found.doubt}"

    def _somebody(self, one: _Port) -> bool:
        """Say whether anybody at all may be let in, by either family."""
        return any(
            (met.accepted | met.unknown) & self._comers(family)
            for family in self._families
            for met in (self._met(one, family),)
        )

    def missing(self, one: _Port) -> Iterator[_Text]:
        """Yield whom of the whitelist the rules keep out, or why that is in doubt."""
        wanted = opened(self._facts, self._host, one.number, one.port)
        for family in self._families:
            met, everybody = self._met(one, family), self._comers(family)
            want = wanted.of(family) & everybody
            lacking = want - met.accepted - met.unknown
            if lacking and not _banned(lacking, want, family):
                if one.name == _SSH and self._nobody and self._somebody(one):
                    yield "", _NOBODY
                else:
                    place = where(lacking, everybody, family)
                    yield f"not let in {place} over {_NAMES[family]}", ""
            if want & met.unknown:
                doubts = "; ".join(met.doubts[:3]) or "the rules end in two ways"
                yield "", f"{one.text}: whether it is let in is not known: {doubts}"


def _banned(lacking: Ranges, want: Ranges, family: Family) -> bool:
    """Say whether a few of everybody are kept out: such are bans."""
    few = lacking.count() * _FEW < want.count()
    return few and want.count() * _FEW > everything(family).count()


def let_in(facts: Facts, host: str, rules: Live) -> Told:
    """Return what is wrong with the ports of SSH and Zimbra by some rules."""
    ports = tuple(dict.fromkeys(_ports(facts, host)))
    problems = tuple(_asked(whitelist(facts, host), (one.name for one in ports)))
    open_questions = {name for _, name in problems}
    judge = _Judge(facts, host, rules)
    wrong: dict[str, dict[str, None]] = {}
    doubts = {f"the whitelist is not decided: {p.text}": None for p, _ in problems}
    for one in ports:
        if one.name in open_questions:
            continue
        for text, doubt in (*judge.missing(one), *judge.excess(one)):
            if text:
                wrong.setdefault(text, {})[one.text] = None
            else:
                doubts[doubt] = None
    told_ = (f"{', '.join(own)}: {text}" for text, own in wrong.items())
    return Told(tuple(told_), tuple(doubts), tuple(one.text for one in ports))
