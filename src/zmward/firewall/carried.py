"""The sources that are still on their way through a chain: a set that shrinks fast."""

from bisect import bisect_left, bisect_right

from zmward.firewall.ranges import NOTHING, Pair, Ranges


class Carried:
    """Ranges that can be cut in place; a long list of bans cuts it 50,000 times."""

    def __init__(self, sources: Ranges) -> None:
        """Begin with a set."""
        self._firsts = [first for first, _ in sources.pairs]
        self._lasts = [last for _, last in sources.pairs]

    def __bool__(self) -> bool:
        """Say whether anything is left."""
        return bool(self._firsts)

    def all(self) -> Ranges:
        """Return what is left."""
        return Ranges(tuple(zip(self._firsts, self._lasts, strict=True)))

    def _overlap(self, first: int, last: int) -> tuple[int, int]:
        """Return from where to where the ranges touch one pair."""
        return bisect_left(self._lasts, first), bisect_right(self._firsts, last)

    def shared(self, wanted: Ranges | None) -> Ranges:
        """Return what is left of some sources; None asks for all."""
        if wanted is None:
            return self.all()
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
        if gone is None:
            self._firsts, self._lasts = [], []
            return
        if len(gone) > len(self._firsts):
            left = self.all() - gone
            self.__init__(left)  # type: ignore[misc]
            return
        for first, last in gone.pairs:
            start, end = self._overlap(first, last)
            if start >= end:
                continue
            firsts, lasts = [], []
            if self._firsts[start] < first:
                firsts.append(self._firsts[start])
                lasts.append(first - 1)
            if self._lasts[end - 1] > last:
                firsts.append(last + 1)
                lasts.append(self._lasts[end - 1])
            self._firsts[start:end] = firsts
            self._lasts[start:end] = lasts

    def put_back(self, sources: Ranges) -> None:
        """Let sources go on that came back from another chain."""
        if sources:
            self.__init__(self.all() | sources)  # type: ignore[misc]
