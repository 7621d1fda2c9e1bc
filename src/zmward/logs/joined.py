"""One failure that several files tell of becomes one event.

A wrong password stands in audit.log and in mailbox.log under the same request or
connection; such lines are counted by the larger of both numbers, and what audit.log
tells is always told: clients can write lines into the others. A failed SMTP login
stands in the line of smtpd, which has the address, and in those of saslauthd and
audit.log, which have the account. They are brought together only where no other pair
is possible; else the halves are kept apart (`half`: it counts for its account alone).
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from zmward.logs.event import Event

_APART = 10.0
_NEAR = 2.0
# More that wait at once cannot be told apart.
_WAITING = 64
_MOST_LATER = 4096
_TWICE = frozenset(("failure", "unknown", "lockout", "denied"))
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
        self._forget(when)
        known = self._counts.get(name)
        counts = known[1] if known and abs(when - known[0]) <= _APART else {}
        most = max(counts.values(), default=0)
        counts[origin] = counts.get(origin, 0) + 1
        self._counts[name] = (when, counts)
        self._order.append((when, name))
        return counts[origin] > most

    def _forget(self, now: float) -> None:
        while self._order and abs(now - self._order[0][0]) > _APART:
            when, name = self._order.popleft()
            known = self._counts.get(name)
            if known and known[0] == when:
                del self._counts[name]


class Joiner:
    """Takes events in the order of time, gives each attempt once."""

    def __init__(self, known: Waiting | None = None) -> None:
        known = known or Waiting()
        self._tallies = _Tallies(known)
        self._addressed: deque[Event] = deque(known.addressed)
        self._named: deque[Event] = deque(known.named)
        self._later: deque[Event] = deque(known.later)
        self._doubt = -math.inf if known.doubt is None else known.doubt

    def known(self) -> Waiting:
        """Return what another joiner needs to go on from here."""
        return Waiting(
            self._tallies.known(),
            list(self._addressed),
            list(self._named),
            None if self._doubt == -math.inf else self._doubt,
            list(self._later),
        )

    @property
    def waits(self) -> bool:
        """Return whether something waits for its other half."""
        return bool(self._addressed or self._named or self._later)

    def take(self, event: Event) -> Iterator[Event]:
        """Yield what is now known to be whole."""
        if self._addressed or self._named or self._later:
            yield from self.ripe(event.when)
        if event.kind not in _TWICE:
            yield event
        elif event.protocol == "smtp" and event.kind in _FAILED:
            self._smtp(event)
        elif event.origin in _OTHERS and event.kind in _FAILED:
            if len(self._later) >= _MOST_LATER:
                yield from self._told(self._later.popleft())
            self._later.append(event)
        elif self._new(event):
            yield event

    def rest(self) -> Iterator[Event]:
        """Yield what still waits, at the end."""
        while self._addressed:
            yield from self._paired(self._addressed.popleft())
        yield from self._named
        self._named.clear()
        while self._later:
            yield from self._told(self._later.popleft())

    def _new(self, event: Event) -> bool:
        name = (event.kind, event.key)
        new = self._tallies.new(name, event.origin, event.when)
        return new or event.origin == "audit"

    def _told(self, event: Event) -> Iterator[Event]:
        """Yield what audit.log has not told meanwhile."""
        if self._new(event):
            yield event

    def _smtp(self, event: Event) -> None:
        if event.origin == "postfix":
            self._addressed.append(event)
            return
        # One name is written by saslauthd, audit.log and mailbox.log: it says the same.
        name = ("smtp", event.account)
        if self._tallies.new(name, event.origin, event.when):
            self._named.append(event)
        elif event.kind == "unknown":
            self._learn(event)

    def _learn(self, event: Event) -> None:
        """Note that an account that waits does not exist, as only mailbox.log says."""
        for number, one in zip(range(_WAITING), self._named, strict=False):
            if one.account == event.account and one.kind == "failure":
                self._named[number] = replace(one, kind="unknown")
                return

    def ripe(self, now: float) -> Iterator[Event]:
        """Yield what has waited long enough for its other half."""
        while self._addressed and abs(now - self._addressed[0].when) > _NEAR:
            yield from self._paired(self._addressed.popleft())
        while self._named and abs(now - self._named[0].when) > 2 * _NEAR:
            yield self._named.popleft()
        while self._later and abs(now - self._later[0].when) > _NEAR:
            yield from self._told(self._later.popleft())

    def _paired(self, event: Event) -> Iterator[Event]:
        near = [
            one
            for one, _ in zip(self._named, range(_WAITING), strict=False)
            if abs(one.when - event.when) <= _NEAR
            and (not event.account or _same(one.account, event.account))
        ]
        if not near:
            yield event
            return
        taken = near[0]
        certain = event.account != "" or self._certain(event, near)
        self._named.remove(taken)
        if certain:
            yield replace(event, account=taken.account, kind=taken.kind)
        else:
            # What is left over after a guess is no safer than the guess.
            self._doubt = event.when
            yield event
            yield replace(taken, half=True, source="")

    def _certain(self, event: Event, near: Sequence[Event]) -> bool:
        """Return whether no other pair is possible."""
        rivals = [
            one
            for one, _ in zip(self._addressed, range(_WAITING), strict=False)
            if one.source != event.source and abs(one.when - event.when) <= _NEAR
        ]
        alone = len({one.account for one in near}) == 1
        enough = len(near) > len(rivals) or not rivals
        return alone and enough and abs(event.when - self._doubt) > 2 * _NEAR


def _same(resolved: str, typed: str) -> bool:
    return resolved == typed or resolved.partition("@")[0] == typed


def joined(events: Iterable[Event]) -> Iterator[Event]:
    """Yield each attempt once."""
    joiner = Joiner()
    for event in events:
        if event.kind in _TWICE or joiner.waits:
            yield from joiner.take(event)
        else:
            yield event
    yield from joiner.rest()
