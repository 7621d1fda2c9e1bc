"""The sources that are still on their way through a chain: a set that shrinks fast."""

from bisect import bisect_left, bisect_right
from typing import Final

from zmward.firewall.ranges import NOTHING, Pair, Ranges

# A cut in place moves all that lies behind it: so many cost as much as a new set.
_DEAR: Final = 64
# So many cuts make a new set each, before it is worth to have lists.
_SLICES: Final = 16


class Carried:
    """A set that can be cut in place; rules of single bans cut it 50,000 times.

    As long as nobody cuts it, it is the very set that it was given.
    """

    def __init__(self, sources: Ranges) -> None:
        """Begin with a set."""
        self._whole: Ranges | None = sources
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self._slices = 0

    def become(self, sources: Ranges) -> None:
        """Carry this set from now on."""
        self._whole = sources
        self._firsts, self._lasts = [], []

    def __bool__(self) -> bool:
        """Say whether anything is left."""
        return bool(self._firsts if self._whole is None else self._whole)

    def all(self) -> Ranges:
        """Return what is left."""
        if self._whole is None:
            self._whole = Ranges(tuple(zip(self._firsts, self._lasts, strict=True)))
        return self._whole

    def shared(self, wanted: Ranges | None) -> Ranges:
        """Return what is left of some sources; None asks for all."""
        if wanted is None:
            return self.all()
        if self._whole is not None:
            return self._whole & wanted
        if len(wanted) > len(self._firsts):
            return self.all() & wanted
        found: list[Pair] = []
        for first, last in wanted.pairs:
            start, end = self._overlap(first, last)
            for place in range(start, end):
                low, high = self._firsts[place], self._lasts[place]
                found.append((max(low, first), min(high, last)))
        return Ranges(tuple(found)) if found else NOTHING

    def cut(self, gone: Ranges | None) -> None:
        """Take sources off the way; None takes all."""
        if gone is None or gone is self._whole:
            self.become(NOTHING)
            return
        if self._whole is not None and self._slices < _SLICES and len(gone) <= _SLICES:
            self._slices += 1
            self.become(self._whole - gone)
            return
        self._split()
        if len(gone) * _DEAR > len(self._firsts):
            self.become(self.all() - gone)
            return
        self._whole = None
        for first, last in gone.pairs:
            self._cut(first, last)

    def put_back(self, sources: Ranges) -> None:
        """Let sources go on that came back from another chain."""
        if sources:
            self.become(self.all() | sources)

    def _split(self) -> None:
        """Have the set as two lists, which can be cut in place."""
        if self._whole is not None and not self._firsts:
            self._firsts = [first for first, _ in self._whole.pairs]
            self._lasts = [last for _, last in self._whole.pairs]

    def _overlap(self, first: int, last: int) -> tuple[int, int]:
        """Return from where to where the ranges touch one pair."""
        return bisect_left(self._lasts, first), bisect_right(self._firsts, last)

    def _cut(self, first: int, last: int) -> None:
        start, end = self._overlap(first, last)
        if start >= end:
            return
        firsts, lasts = [], []
        if self._firsts[start] < first:
            firsts.append(self._firsts[start])
            lasts.append(first - 1)
        if self._lasts[end - 1] > last:
            firsts.append(last + 1)
            lasts.append(self._lasts[end - 1])
        self._firsts[start:end] = firsts
        self._lasts[start:end] = lasts
