"""Asks every port of some addresses, and says of each what is known.

Scanners that only follow a rate lose ports. Here silence is asked again; where that
brings an answer, packets get lost, and whatever is still silent is asked once more and
more slowly. What this machine could not ask is never taken for closed or filtered.
"""

import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Final, NamedTuple

from zmward.doors.connects import Connects, Engine
from zmward.doors.syn import Syns
from zmward.doors.tracked import Tracked
from zmward.scan.patience import LAST, Allowance
from zmward.scan.swept import NOBODY, Knock, Ledger, Proto, Swept, Turn, swept

_TURNS: Final = 6
_MOST: Final = 8000
_RESERVE: Final = 128
_FEW: Final = 20
# Linux answers closed UDP ports with six messages, then with one a second.
_LIMITED: Final = 6
_REFILL: Final = 1.05
_GIVEN_UP: Final = 3.2
_AHEAD: Final = 0.02


class _Clock:
    """When the sweep has to end; it can be ended early."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def until(self) -> float:
        return self._until

    def stop(self) -> None:
        self._until = 0.0


class _Progress:
    """Tells the caller how far the sweep is, ten times a second at most.

    A port counts half when it was asked, and in whole when it was settled.
    """

    def __init__(
        self, moved: Callable[[int, int], None], total: int, tracked: Tracked
    ) -> None:
        self._moved, self._total = moved, total
        self._tracked = tracked
        self._next = 0.0

    def turn(self, number: int, settled: int, patience: float | None = None) -> Turn:
        base = settled * 2 + (self._total - settled if number else 0)

        def tell(asked: int) -> None:
            self._tracked.hold()
            now = time.monotonic()
            if now >= self._next and number <= 1:
                self._next = now + 0.1
                self._moved(min((base + asked) // 2, self._total), self._total)

        return Turn(number, tell, patience)


class _Run(NamedTuple):
    """The questions of one protocol, and what belongs to them."""

    ledger: Ledger
    knocks: Sequence[Knock]
    clock: _Clock
    progress: _Progress


@contextmanager
def _room() -> Iterator[int]:
    """Give the number of sockets that may be open at a time, within hard limits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST + _RESERVE
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < more:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = (
        _MOST
        if now == resource.RLIM_INFINITY
        else min(max(now - _RESERVE, now // 2), _MOST)
    )
    try:
        yield max(room, 1)
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _shuffled(
    targets: Sequence[str], ports: Sequence[int], proto: Proto
) -> list[Knock]:
    """Return every question once, in an order that hits no target in a row of ports."""
    knocks = [Knock(one, port, proto) for port in ports for one in targets]
    found = list(dict.fromkeys(knocks))
    random.Random(len(found)).shuffle(found)  # noqa: S311  # the same in every run
    return found


def _last_word(engine: Engine, run: _Run, left: Sequence[Knock], began: float) -> bool:
    """Ask those of which nothing came with the greatest patience.

    Whether a silent address is far away, behind a filter or nobody's shows only late:
    Linux asks three seconds for a neighbour, and then tells the oldest fifty packets,
    whose sockets are closed by then. So this begins when it has given up.
    """
    ledger = run.ledger
    few: dict[str, list[Knock]] = {}
    for knock in left:
        if knock.address not in ledger.alive:
            few.setdefault(knock.address, []).append(knock)
    some = [knock for knocks in few.values() for knock in knocks[:_FEW]]
    turn = run.progress.turn(_TURNS, 0, LAST)
    if few.keys() - ledger.deaf():
        _sleep(began + _GIVEN_UP, run.clock)
    if some and not engine.ask(some, turn):
        return False
    for address in few.keys() & ledger.deaf():
        ledger.vague[address] = NOBODY
    late = [
        knock for one in few.keys() & ledger.alive for knock in ledger.left(few[one])
    ]
    return not late or engine.ask(late, turn)


def _sleep(until: float, clock: _Clock) -> None:
    time.sleep(max(min(until, clock.until()) - time.monotonic(), 0))


def _rounds(
    engine: Engine, run: _Run, between: Callable[[float], None], *, last_word: bool
) -> None:
    """Ask until silence is believed, or until the time is over."""
    ledger, start = run.ledger, time.monotonic()
    left, quiet, lossy = list(run.knocks), 0, False
    for number in range(_TURNS):
        before, began = ledger.heard, time.monotonic()
        turn = run.progress.turn(number, len(run.knocks) - len(left))
        if not engine.ask(left, turn):
            ledger.over(ledger.left(left))
            return
        left = ledger.left(left)
        quiet = quiet + 1 if number and ledger.heard == before else 0
        lossy = lossy or (number > 0 and not quiet)
        # Where packets get lost, one quiet round may be chance.
        if not left or quiet > lossy:
            break
        between(began)
    if last_word and left and not _last_word(engine, run, left, start):
        ledger.over(ledger.left(left))
        return
    ledger.silent(ledger.left(left))


def _tcp(run: _Run, allowance: Allowance, *, raw: bool) -> None:
    turns = iter(range(_TURNS))

    def between(began: float) -> None:
        """Go on more slowly where the second round had to bring answers."""
        del began
        if next(turns) == 1:
            allowance.slower()

    with ExitStack() as stack:
        engine: Engine | None = None
        if raw:
            with suppress(OSError):
                made = Syns(run.ledger, allowance, run.clock.until)
                engine = stack.enter_context(closing(made))
        if engine is None:
            room = stack.enter_context(_room())
            plain = Connects(run.ledger, allowance, run.clock.until, room)
            engine = stack.enter_context(closing(plain))
        _rounds(engine, run, between, last_word=True)


def _udp(run: _Run, allowance: Allowance, *, last_word: bool) -> None:
    def between(began: float) -> None:
        """Wait until those who limit their answers say one more."""
        counts = Counter(one.address for one in run.ledger.states)
        if max(counts.values(), default=0) >= _LIMITED:
            _sleep(began + _REFILL, run.clock)

    made = Connects(run.ledger, allowance, run.clock.until, _RESERVE)
    with closing(made) as engine:
        _rounds(engine, run, between, last_word=last_word)


def sweep(
    targets: Sequence[str],
    tcp: Sequence[int],
    udp: Sequence[int],
    *,
    rate: float,
    seconds: float,
    moved: Callable[[int, int], None],
    raw: bool,
) -> Swept:
    """Ask the ports of some addresses, at most `rate` a second and `seconds` in all.

    With `raw` by packets of our own, where the system allows it: only so does a packet
    that rules of this machine drop in silence differ from a filter over there. `moved`
    is told how many of how many are done.
    """
    streams, datagrams = _shuffled(targets, tcp, "tcp"), _shuffled(targets, udp, "udp")
    clock, total = _Clock(seconds), len(streams) or len(datagrams)
    tracked = Tracked(clock.until)
    spoken = _Run(Ledger(), streams, clock, _Progress(moved, total, tracked))
    silently = _Progress(lambda _done, _total: None, total, tracked)
    thrown = _Run(Ledger(), datagrams, clock, silently)
    # One way, one round trip: datagrams alone may get no answer to measure it by.
    thrown.ledger.patience = spoken.ledger.patience
    now = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        try:
            aside = pool.submit(
                _udp, thrown, Allowance(rate, now), last_word=not streams
            )
            # Both share what Linux grants to ICMP messages, and UDP has no other word.
            time.sleep(_AHEAD if datagrams else 0)
            _tcp(spoken, Allowance(rate, now), raw=raw)
            aside.result()
        except BaseException:
            clock.stop()
            raise
    thrown.ledger.doubt(spoken.ledger.deaf())
    moved(total, total)
    return swept((spoken.ledger, thrown.ledger))
