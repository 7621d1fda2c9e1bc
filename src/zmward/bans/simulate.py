"""Whom jails would have banned, by fail2ban's own arithmetic.

An address is banned with its `failures`-th failure within the window. Where its first
one lies further back, fail2ban does not count anew: it takes the rate so far for the
length of one window. While somebody is banned his failures do not count, since he
could not have made them.
"""

from collections.abc import Iterable, Iterator

import msgspec

from zmward.bans.jails import RECIDIVE, Placed
from zmward.bans.networks import Neighbours
from zmward.logs.event import Event
from zmward.profile import Bans

_SWEPT = 10_000


class Rule(msgspec.Struct, frozen=True):
    """How many failures within how many seconds ban for how long."""

    failures: int
    window: float
    ban: float


def rules(site: Bans) -> tuple[Rule, Rule]:
    """Return the rule of the jails, and that of the jail for those who come again."""
    first = Rule(site.failures, site.window_minutes * 60, site.ban_minutes * 60)
    again = Rule(
        site.recidive_bans, site.recidive_hours * 3600, site.recidive_days * 86_400
    )
    return first, again


class Banned(msgspec.Struct, frozen=True):
    """One ban of an address, or of an IPv6 network: by which jail, until when."""

    jail: str
    address: str
    when: float
    until: float


class _Seen(msgspec.Struct):
    """What fail2ban remembers of an address."""

    first: float
    last: float
    failures: int


class Watch:
    """One jail: takes failures in the order of time, tells of bans."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._seen: dict[str, _Seen] = {}
        self._until: dict[str, float] = {}

    def failed(self, address: str, when: float) -> float:
        """Count a failure; return until when it bans, 0 where it does not."""
        rule = self._rule
        if when < self._until.get(address, 0.0):
            return 0.0
        seen = self._counted(address, when)
        if seen.failures < rule.failures:
            return 0.0
        del self._seen[address]
        self._until[address] = when + rule.ban
        return when + rule.ban

    def _counted(self, address: str, when: float) -> _Seen:
        window = self._rule.window
        seen = self._seen.get(address)
        if seen is None or seen.last <= when - window:
            if len(self._seen) >= _SWEPT:
                self._forget(when - window)
            seen = self._seen[address] = _Seen(when, when, 1)
            return seen
        if when > seen.last:
            if seen.first < when - window:
                rate = seen.failures / (when - seen.first)
                seen.failures = round(rate * window)
                seen.first = when - window
            seen.last = when
        seen.failures += 1
        return seen

    def _forget(self, limit: float) -> None:
        self._seen = {name: one for name, one in self._seen.items() if one.last > limit}


def simulated(
    events: Iterable[Event],
    jails: Iterable[Placed],
    site: Bans,
    never: Iterable[str] | None = (),
) -> Iterator[Banned]:
    """Yield the bans that jails would have made, in the order of time.

    `never` are IPv6 networks that are not banned whole; None: none at all is.
    """
    first, again = rules(site)
    some = tuple(jails)
    watches = [(one, Watch(first)) for one in some if not one.jail.recidive]
    recidive = Watch(again) if any(one.jail.recidive for one in some) else None
    # Whoever is shut out by one jail cannot fail at another.
    shut: dict[str, float] = {}
    near = Neighbours(site, never)
    for event in events:
        address, when = event.source, event.when
        for placed, watch in watches:
            if when < shut.get(address, 0.0) or not placed.counts(event):
                continue
            if near.shut(address, when):
                continue
            until = watch.failed(address, when)
            if not until:
                continue
            yield Banned(placed.jail.name, address, when, until)
            longer = recidive.failed(address, when) if recidive else 0.0
            if longer:
                yield Banned(RECIDIVE.name, address, when, longer)
            shut[address] = max(until, longer)
            name, end = near.banned(address, when, shut[address])
            if name:
                yield Banned(placed.jail.name, name, when, end)
