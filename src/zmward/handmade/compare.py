"""A rendered file beside its template: the lines that no line of it can give.

The two are laid side by side so that as little as possible is left over (a shortest
path: a line that fits costs nothing, one that is left over costs one).
"""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from zmward.handmade.template import Line

# Beyond that a file is not laid line by line any more: it is another file.
_MOST_STEPS: Final = 60_000
_LONGEST: Final = 20_000

_Place = tuple[int, int]


class Difference(msgspec.Struct, frozen=True):
    """What is left over: lines of the file by number, lines of the template."""

    added: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()


class _Sides:
    """The two sides, and which line fits which, asked once each."""

    def __init__(self, lines: Sequence[str], template: Sequence[Line]) -> None:
        self.lines, self.template = lines, template
        self._fits: dict[tuple[str, int], bool] = {}

    def fit(self, i: int, j: int) -> bool:
        line = self.lines[i]
        if not self.template[j].forms:
            return line.rstrip() == self.template[j].text
        key = (line, j)
        if key not in self._fits:
            found = len(line) <= _LONGEST and self.template[j].renders(line)
            self._fits[key] = found
        return self._fits[key]


def _next(sides: _Sides, place: _Place, *, blocks: bool) -> list[tuple[_Place, int]]:
    """Return where one may go from a place, and what it costs."""
    i, j = place
    ends, over = i == len(sides.lines), j == len(sides.template)
    found: list[tuple[_Place, int]] = []
    if over and blocks and not ends:
        found.append(((i, 0), 0))
    if not ends and not over and sides.fit(i, j):
        found.append(((i + 1, j + 1), 0))
        if sides.template[j].repeats:
            found.append(((i + 1, j), 0))
    if not over:
        found.append(((i, j + 1), 0 if sides.template[j].optional else 1))
    if not ends:
        found.append(((i + 1, j), 1))
    return found


def _path(sides: _Sides, *, blocks: bool) -> list[_Place] | None:
    """Return the cheapest way from the first lines to the last; None if too far."""
    goals = {(len(sides.lines), len(sides.template))}
    if blocks:
        goals.add((len(sides.lines), 0))
    costs: dict[_Place, int] = {(0, 0): 0}
    came: dict[_Place, _Place] = {}
    done: set[_Place] = set()
    waiting: deque[_Place] = deque([(0, 0)])
    while waiting and len(done) < _MOST_STEPS:
        place = waiting.popleft()
        if place in done:
            continue
        done.add(place)
        if place in goals:
            return _walked(came, place)
        # What is cheap goes to the front, and of that the fitting line first.
        for near, cost in reversed(_next(sides, place, blocks=blocks)):
            total = costs[place] + cost
            if total < costs.get(near, total + 1):
                costs[near], came[near] = total, place
                (waiting.append if cost else waiting.appendleft)(near)
    return None


def _walked(came: dict[_Place, _Place], place: _Place) -> list[_Place]:
    way = [place]
    while place in came:
        place = came[place]
        way.append(place)
    return way[::-1]


def _doubtful(sides: _Sides, added: set[int], fitted: dict[int, int]) -> set[int]:
    """Return fitted lines beside added ones that could as well be the added ones."""
    found: set[int] = set()
    for i in added:
        for step in (-1, 1):
            near = i + step
            while near in added:
                near += step
            j = fitted.get(near)
            if j is not None and sides.template[j].loose and sides.fit(i, j):
                found.add(near)
    return found


def compare(
    text: str, template: Sequence[Line], *, blocks: bool = False
) -> Difference | None:
    """Return what is left over, None where the file is another one altogether.

    `blocks` says that the template may have been written any number of times.
    """
    lines = text.splitlines()
    sides = _Sides(lines, template)
    way = _path(sides, blocks=blocks)
    if way is None:
        return None
    added, missing, fitted = set(), [], {}
    for (i, j), (k, m) in pairwise(way):
        if k > i and (m > j or (m == j and _repeated(sides, i, j))):
            fitted[i] = j
        elif k > i:
            added.add(i)
        elif m > j and not template[j].optional:
            missing.append(j)
    added |= _doubtful(sides, added, fitted)
    return Difference(
        tuple(i + 1 for i in sorted(added) if lines[i].strip()),
        tuple(j for j in missing if template[j].text.strip()),
    )


def _repeated(sides: _Sides, i: int, j: int) -> bool:
    there = j < len(sides.template)
    return there and sides.template[j].repeats and sides.fit(i, j)
