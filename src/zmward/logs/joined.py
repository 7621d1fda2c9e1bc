"""One failure that several files tell of becomes one event.

A wrong password stands in audit.log and in mailbox.log under the same request or
connection; such lines are counted by the larger of both numbers, and what audit.log
tells is always told: clients can write lines into the others. A failed SMTP login
stands in the line of smtpd, which has the address, and in those of saslauthd and
audit.log, which have the account. They are brought together only where no other pair
is possible; else the halves are kept apart (`half`: it counts for its account alone).
Where both have an address, it must be the same: else somebody who makes his web login
look like one by SMTP would vanish behind the address of whoever failed just then.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import starmap

import msgspec
from msgspec.structs import replace

from zmward.logs.event import TWICE, Event, Row, dated, row

_APART = 10.0
_NEAR = 2.0
# More that wait at once cannot be told apart.
_WAITING = 64
_MOST_LATER = 4096
# More attempts within ten seconds are not remembered: they might fill the memory.
_MOST_TOLD = 1 << 14
_FAILED = frozenset(("failure", "unknown"))
# Whose lines wait for audit.log to tell the same.
_OTHERS = frozenset(("mailbox", "sync"))


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """What a joiner knows, for the next one to go on with."""

    counts: list[tuple[tuple[str, str], float, dict[str, int]]] = []
    addressed: list[Event] = []
    named: list[Event] = []
    doubt: float | None = None
    later: list[Event] = []


class _Tallies:
    """Counts of each attempt by the file that told it; old ones are forgotten."""

    def __init__(self, known: Waiting) -> None:
        self._counts = {
            name: (when, dict(counts)) for name, when, counts in known.counts
        }
        self._order = deque((when, name) for name, when, _ in known.counts)

    def known(self) -> list[tuple[tuple[str, str], float, dict[str, int]]]:
        """Return the counts in the order of time."""
        some = [(name, *one) for name, one in self._counts.items()]
        return sorted(some, key=lambda one: one[1])

    def new(self, name: tuple[str, str], origin: str, when: float) -> bool:
        """Return whether this line tells of an attempt that no other file told."""
        order, counts = self._order, self._counts
        while order and (abs(when - order[0][0]) > _APART or len(order) >= _MOST_TOLD):
            self._forget()
        order.append((when, name))
        known = counts.get(name)
        if known is None or abs(when - known[0]) > _APART:
            counts[name] = (when, {origin: 1})
            return True
        told = known[1]
        most = max(told.values(), default=0)
        count = told[origin] = told.get(origin, 0) + 1
        counts[name] = (when, told)
        return count > most

    def _forget(self) -> None:
        when, name = self._order.popleft()
        known = self._counts.get(name)
        if known and known[0] == when:
            del self._counts[name]


class Joiner:
    """Takes events as rows in the order of time, gives each attempt once."""

    def __init__(self, known: Waiting | None = None) -> None:
        known = known or Waiting()
        self._tallies = _Tallies(known)
        self._addressed = deque(map(row, known.addressed))
        self._named = deque(map(row, known.named))
        self._later = deque(map(row, known.later))
        self._doubt = -math.inf if known.doubt is None else known.doubt

    def known(self) -> Waiting:
        """Return what another joiner needs to go on from here."""
        return Waiting(
            self._tallies.known(),
            list(starmap(dated, self._addressed)),
            list(starmap(dated, self._named)),
            None if self._doubt == -math.inf else self._doubt,
            list(starmap(dated, self._later)),
        )

    def through(self, rows: Iterable[Row]) -> list[Row]:
        """Return what is now known to be whole, after more was told."""
        whole: list[Row] = []
        told, twice = whole.append, TWICE
        addressed, named, later = self._addressed, self._named, self._later
        for one in rows:
            if addressed or named or later:
                whole += self.ripe(one[0])
            if one[1].kind in twice:
                self._take(one, whole)
            else:
                told(one)
        return whole

    def _take(self, one: Row, whole: list[Row]) -> None:
        what = one[1]
        failed = what.kind in _FAILED
        if failed and what.protocol == "smtp":
            self._smtp(one)
        elif failed and what.origin in _OTHERS:
            if len(self._later) >= _MOST_LATER:
                self._told(self._later.popleft(), whole)
            self._later.append(one)
        else:
            self._told(one, whole)

    def rest(self) -> list[Row]:
        """Return what still waits, at the end."""
        whole: list[Row] = []
        while self._addressed:
            whole += self._paired(self._addressed.popleft())
        whole += self._named
        self._named.clear()
        while self._later:
            self._told(self._later.popleft(), whole)
        return whole

    def _told(self, one: Row, whole: list[Row]) -> None:
        """Add what no other file has told; audit.log is always believed."""
        when, what, _, account, key = one
        name = (what.kind, key or f"a{account}")
        if self._tallies.new(name, what.origin, when) or what.origin == "audit":
            whole.append(one)

    def _smtp(self, one: Row) -> None:
        when, what, _, account, _ = one
        if what.origin == "postfix":
            self._addressed.append(one)
            return
        # One name is written by saslauthd, audit.log and mailbox.log: it says the same.
        if self._tallies.new(("smtp", account), what.origin, when):
            self._named.append(one)
        elif what.kind == "unknown":
            self._learn(account)

    def _learn(self, name: str) -> None:
        """Note that an account that waits does not exist, as only mailbox.log says."""
        for number, one in zip(range(_WAITING), self._named, strict=False):
            when, what, source, account, key = one
            if account == name and what.kind == "failure":
                unknown = replace(what, kind="unknown")
                self._named[number] = (when, unknown, source, account, key)
                return

    def ripe(self, now: float) -> list[Row]:
        """Return what has waited long enough for its other half."""
        whole: list[Row] = []
        while self._addressed and abs(now - self._addressed[0][0]) > _NEAR:
            whole += self._paired(self._addressed.popleft())
        while self._named and abs(now - self._named[0][0]) > 2 * _NEAR:
            whole.append(self._named.popleft())
        while self._later and abs(now - self._later[0][0]) > _NEAR:
            self._told(self._later.popleft(), whole)
        return whole

    def _paired(self, one: Row) -> tuple[Row, ...]:
        when, what, source, account, key = one
        near = [
            other
            for other, _ in zip(self._named, range(_WAITING), strict=False)
            if abs(other[0] - when) <= _NEAR
            and (not account or _same(other[3], account))
            and other[2] in ("", source)
        ]
        if not near:
            return (one,)
        taken = near[0]
        certain = account != "" or self._certain(one, near)
        self._named.remove(taken)
        at, named, _, name, attempt = taken
        if certain:
            return ((when, replace(what, kind=named.kind), source, name, key),)
        # What is left over after a guess is no safer than the guess.
        self._doubt = when
        return one, (at, replace(named, half=True), "", name, attempt)

    def _certain(self, one: Row, near: Sequence[Row]) -> bool:
        """Return whether no other pair is possible."""
        when, source = one[0], one[2]
        rivals = [
            other
            for other, _ in zip(self._addressed, range(_WAITING), strict=False)
            if other[2] != source and abs(other[0] - when) <= _NEAR
        ]
        alone = len({other[3] for other in near}) == 1
        enough = len(near) > len(rivals) or not rivals
        return alone and enough and abs(when - self._doubt) > 2 * _NEAR


def _same(resolved: str, typed: str) -> bool:
    return resolved == typed or resolved.partition("@")[0] == typed


def joined_rows(batches: Iterable[Iterable[Row]]) -> Iterator[list[Row]]:
    """Yield each attempt once, in batches as they come."""
    joiner = Joiner()
    for rows in batches:
        yield joiner.through(rows)
    yield joiner.rest()


def joined(events: Iterable[Event]) -> Iterator[Event]:
    """Yield each attempt once."""
    each = ((row(one),) for one in events)
    for rows in joined_rows(each):
        yield from starmap(dated, rows)
