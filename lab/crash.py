"""The crash test: apply is killed at every moment, and all of it is taken back."""

import math
import queue
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from lab.crash_plan import (
    KINDS,
    LARGEST,
    LEFTOVERS,
    PLAN,
    PROGRAM,
    TIMEOUT,
    TRACE,
    prepare,
    said,
)
from lab.crash_state import apart, forget, purge, settled
from lab.crash_ways import ARMED, WAYS, Way, take_back
from lab.errors import LabError
from lab.node import Lab

SIDES = ("before", "after")
DEAD = (-9, 137)
PATIENCE = 4
# Of twenty points so many are taken back each way; a reboot takes its time.
SHARES = (("rollback", 9), ("script", 6), ("timer", 4), ("reboot", 1))
EVERY = 10


@dataclass(frozen=True)
class Moment:
    """One command that changes something, or one line of the journal, and when."""

    number: int
    what: str
    seconds: float


@dataclass(frozen=True)
class Point:
    """One death: its moment, its side, and the way in which it is taken back."""

    moment: Moment
    side: str
    way: Way
    switch: int = 0

    @property
    def name(self) -> str:
        """Return how a broken point is named."""
        return f"{self.side} {self.moment.number} ({self.moment.what}), {self.way}"


@dataclass
class Result:
    """What the crash test found."""

    moments: int
    kinds: frozenset[str]
    changes: int
    survived: Counter[str] = field(default_factory=Counter)
    died: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def possible(self) -> int:
        """Return the number of all points."""
        return 2 * self.moments

    @property
    def holds(self) -> bool:
        """Say whether every death was survived and every kind was in the plan."""
        whole = sum(self.died.values()) == sum(self.survived.values()) > 0
        return whole and self.kinds == KINDS and self.changes <= LARGEST

    @property
    def text(self) -> str:
        """Return the lines for people."""
        survived, died = sum(self.survived.values()), sum(self.died.values())
        ways = (f"{w} {self.survived[w]}/{self.died[w]}" for w in WAYS)
        missing = sorted(KINDS - self.kinds)
        return "\n".join(
            (
                f"survived {survived}/{died} of {self.possible} points",
                f"points: 2 x {self.moments} journal lines and commands",
                f"taken back by {', '.join(ways)}",
                f"kinds covered {len(self.kinds & KINDS)}/{len(KINDS)}",
                *(f"kind MISSING: {kind}" for kind in missing),
                f"changes in the plan: {self.changes} (at most {LARGEST})",
                *(f"may be left: {name}, {what}" for name, what in LEFTOVERS.items()),
                f"took {self.seconds / 60:.1f} min",
                *self.broken,
            )
        )


def _apply(lab: Lab, *place: str) -> subprocess.CompletedProcess[str]:
    words = ("apply", PLAN, "--yes", "--console", "--quiet")
    argv = ["python3", PROGRAM, TRACE, *place, *words]
    return lab.run("mail", argv, timeout=TIMEOUT)


def count(lab: Lab) -> list[Moment]:
    """Apply once without a death, take it back, and return what was counted."""
    said(lab, f"rm -f {TRACE}")
    done = _apply(lab, "-1", "never", "0")
    if done.returncode:
        raise LabError(f"the plan cannot be applied: {done.stdout}{done.stderr}")
    rows = [row.split() for row in said(lab, f"cat {TRACE}").splitlines()]
    wrong = take_back(lab, "rollback")
    if wrong:
        raise LabError(wrong)
    forget(lab)
    return [Moment(n, what, float(at)) for n, (what, at) in enumerate(rows)]


def dies(lab: Lab, point: Point, start: Sequence[str]) -> str:
    """Die at one point, take back, compare; return what is wrong."""
    switch = point.switch
    for _ in range(PATIENCE):
        place = str(point.moment.number), point.side, str(switch)
        done = _apply(lab, *place)
        if not switch or done.returncode in DEAD:
            break
        # On a busy machine the switch was faster than the death: it waits longer.
        switch *= 2
        take_back(lab, "rollback")
        purge(lab)
        forget(lab)
    if done.returncode not in DEAD:
        said_so = done.stderr.strip()[-300:]
        return f"{point.name}: not killed but {done.returncode}: {said_so}"
    wrong = take_back(lab, point.way)
    strange = apart(lab, start)
    if wrong or strange:
        return f"{point.name}: {wrong} {strange[:8]}"
    forget(lab)
    return ""


def _ways(number: int) -> list[Way]:
    """Return ways in their shares, mixed the same each time."""
    cycle = [way for way, share in SHARES for _ in range(share)]
    found: list[Way] = []
    dice = random.Random(number)  # noqa: S311  # a mixture, not a secret
    while len(found) < number:
        found += dice.sample(cycle, len(cycle))  # type: ignore[arg-type]  # the ways
    return found[:number]


def _point(moment: Moment, side: str, way: Way, armed: Moment) -> Point:
    """Return a point; before the switch is armed, only what needs none."""
    order = moment.number * 2 + (side == "after")
    if way in ARMED and order < armed.number * 2 + 1:
        way = "script" if way == "timer" else "rollback"
    # It must not end before the death that it is to survive, on a busy machine too.
    spent = moment.seconds - armed.seconds
    switch = math.ceil(2 * spent) + 4 if way == "timer" else 0
    return Point(moment, side, way, switch)


def points(moments: Sequence[Moment], sample: int = 0) -> list[Point]:
    """Return every point, or a sample that is spread over them, the same each time."""
    armed = next(one for one in moments if one.what == "systemd-run")
    every = [(moment, side) for moment in moments for side in SIDES]
    if not sample or sample >= len(every):
        ways = _ways(len(every))
        return [_point(*p, w, armed) for p, w in zip(every, ways, strict=True)]
    # Most of a sample lies where something has been changed, each way in its turn.
    first = armed.number * 2 + 1
    width = (len(every) - first) / sample
    chosen = [every[first + int((n + 0.5) * width)] for n in range(sample)]
    return [_point(*p, WAYS[n % len(WAYS)], armed) for n, p in enumerate(chosen)]


class Work:
    """Points that several nodes share, and what came of each."""

    def __init__(self, result: Result, todo: Sequence[Point], seconds: float) -> None:
        """Begin the time that the work may take."""
        self.result, self.total = result, len(todo)
        self.left: queue.SimpleQueue[Point] = queue.SimpleQueue()
        for point in todo:
            self.left.put(point)
        self.began = time.monotonic()
        self.limit = self.began + seconds
        self.lock = threading.Lock()

    def take(self) -> Iterator[Point]:
        """Yield points until none is left, or no time."""
        while time.monotonic() < self.limit:
            try:
                yield self.left.get_nowait()
            except queue.Empty:
                return

    def note(self, point: Point, wrong: str) -> None:
        """Count one outcome, and say how far the work is."""
        with self.lock:
            self.result.died[point.way] += 1
            self.result.survived[point.way] += not wrong
            done = sum(self.result.died.values())
            if wrong:
                self.result.broken.append(wrong)
                print(f"crash: NOT survived: {wrong}", flush=True)
            if done % EVERY == 0 or done == self.total:
                spent = time.monotonic() - self.began
                left = spent / done * (self.total - done) / 60
                broken = len(self.result.broken)
                print(
                    f"crash: {done}/{self.total}, {broken} broken, "
                    f"about {left:.0f} min left",
                    flush=True,
                )

    def node(self, lab: Lab, start: Sequence[str]) -> None:
        """Let one node die, point by point; a broken one starts from new."""
        for point in self.take():
            try:
                wrong = dies(lab, point, start)
            except (LabError, subprocess.TimeoutExpired) as failure:
                wrong = f"{point.name}: {failure}"
            self.note(point, wrong)
            if wrong:
                lab.down()
                lab.up()
                prepare(lab)
                count(lab)
                start = settled(lab)


def crash(labs: Sequence[Lab], sample: int = 0, seconds: float = 7200) -> Result:
    """Kill apply at every point, or at a sample of them, on running labs."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(labs)) as pool:
        plans = list(pool.map(prepare, labs))
        counted = list(pool.map(count, labs))
        starts = list(pool.map(settled, labs))
    moments, steps = counted[0], plans[0].steps
    kinds = frozenset(str(s.change.__struct_config__.tag) for s in steps)
    todo = points(moments, sample)
    result = Result(len(moments), kinds, len(steps))
    print(f"crash: {dict(Counter(one.what for one in moments))}", flush=True)
    work = Work(result, todo, seconds)
    nodes = [
        threading.Thread(target=work.node, args=(lab, start))
        for lab, start in zip(labs, starts, strict=True)
    ]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join()
    result.seconds = time.monotonic() - began
    return result


def main(sample: int, jobs: int) -> int:
    """Run the crash test on nodes of its own and print what it found."""
    labs = [Lab(f"crash-{number}", "default") for number in range(max(jobs, 1))]
    try:
        for lab in labs:
            lab.up()
        print(f"crash: {len(labs)} nodes are up, preparing", flush=True)
        result = crash(labs, sample)
    finally:
        for lab in labs:
            lab.down()
    print(result.text)
    return 0 if result.holds else 1
