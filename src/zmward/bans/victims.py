"""Whom the jails would have banned, and what speaks against each of these bans."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from zmward.bans.jails import Placed
from zmward.bans.networks import around, network
from zmward.bans.simulate import simulated
from zmward.bans.spared import Lookup
from zmward.logs.event import Event
from zmward.profile import Bans

_MOST: Final = 50_000
_NAMES: Final = 1000
# From so many accounts on that log in well there, it is an office, a proxy or a NAT.
_OFFICE: Final = 10
# RFC 1918, 6598 (behind which a provider's customers are), 4193, and link-local ones.
_INNER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
            *("169.254.0.0/16", "fc00::/7", "fe80::/10"),
        ),
    )
)
# logins: good logins came from there; shared: of many accounts, and mostly good ones;
# announces: it announces other addresses and is not trusted; private: an inner one.
Doubt = Literal["shared", "announces", "logins", "private"]
# With one of these, a ban would hit people who have done nothing.
BYSTANDERS: Final = frozenset(("shared", "announces"))


class Victim(msgspec.Struct, frozen=True):
    """An address or IPv6 network that would have been banned; times are seconds.

    `spared` says why it would not have been after all, `hides` that it stands between
    us and clients, who are not told apart.
    """

    address: str
    jails: tuple[str, ...]
    bans: int
    first: float
    until: float
    failures: int
    guessed: int
    successes: int
    accounts: int
    doubts: tuple[Doubt, ...] = ()
    spared: str = ""
    hides: bool = False


class _Party:
    """What one address did."""

    __slots__ = ("accounts", "announces", "failures", "guessed", "successes")

    def __init__(self) -> None:
        self.failures = self.successes = 0
        self.guessed: set[str] = set()
        self.accounts: set[str] = set()
        self.announces = False


class Watching:
    """Counts what addresses do while the jails look on; in bounded memory."""

    def __init__(self) -> None:
        self.parties: dict[str, _Party] = {}
        self.forgotten = 0

    def through(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield events on, each one noted."""
        for event in events:
            if event.source and event.kind in _NOTED and _believed(event):
                self._note(event)
            yield event

    def _note(self, event: Event) -> None:
        party = self.parties.get(event.source)
        if party is None:
            if len(self.parties) >= _MOST:
                self._shrink()
            party = self.parties[event.source] = _Party()
        good = event.kind == "success"
        names = party.accounts if good else party.guessed
        party.successes += good
        party.failures += not good
        if event.account and len(names) < _NAMES:
            names.add(event.account)
        party.announces |= event.peer == event.source

    def of(self, name: str) -> _Party:
        """Return what an address did, or all the addresses of a network."""
        if "/" not in name:
            return self.parties.get(name) or _Party()
        whole = _Party()
        for address, party in self.parties.items():
            if network(address) == name:
                whole.failures += party.failures
                whole.successes += party.successes
                whole.guessed |= party.guessed
                whole.accounts |= party.accounts
                whole.announces |= party.announces
        return whole

    def _shrink(self) -> None:
        """Forget the half that did least."""
        rank = sorted(self.parties, key=lambda one: _size(self.parties[one]))
        for name in rank[: len(rank) // 2]:
            del self.parties[name]
            self.forgotten += 1


_NOTED: Final = frozenset(("success", "failure", "unknown", "denied"))


def _believed(event: Event) -> bool:
    """Say whether the server itself tells it: clients write lines into other logs.

    Else somebody could make a ban of his doubtful by logins that never were.
    """
    return event.kind != "success" or event.log in ("audit", "syslog")


def _size(party: _Party) -> int:
    return party.failures + party.successes


def _doubts(address: str, party: _Party) -> Iterator[Doubt]:
    """Yield what speaks against a ban.

    Nobody can make his own ban doubtful by failing: each but the last takes logins.
    """
    office = len(party.accounts) >= _OFFICE and party.successes >= party.failures
    if office:
        yield "shared"
    if party.successes and party.announces:
        yield "announces"
    if party.successes:
        yield "logins"
    one = ipaddress.ip_network(address).network_address
    if any(one in net for net in _INNER):
        yield "private"


def victims(
    events: Iterable[Event],
    jails: Iterable[Placed],
    site: Bans,
    spared: Lookup,
) -> tuple[Victim, ...]:
    """Return whom jails would have banned, those with most bans first."""
    watching = Watching()
    bans: Counter[str] = Counter()
    first: dict[str, float] = {}
    until: dict[str, float] = {}
    names: dict[str, dict[str, None]] = {}
    for ban in simulated(watching.through(events), jails, site, around(spared.some)):
        bans[ban.address] += 1
        first.setdefault(ban.address, ban.when)
        until[ban.address] = max(ban.until, until.get(ban.address, 0.0))
        names.setdefault(ban.address, {})[ban.jail] = None
    found = []
    for address, count in bans.items():
        party = watching.of(address)
        known = spared.find(address)
        found.append(
            Victim(
                address=address,
                jails=tuple(names[address]),
                bans=count,
                first=first[address],
                until=until[address],
                failures=party.failures,
                guessed=len(party.guessed),
                successes=party.successes,
                accounts=len(party.accounts),
                doubts=tuple(_doubts(address, party)),
                spared=known.why if known else "",
                hides=bool(known and known.between),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.bans, one.first, one.address)))
