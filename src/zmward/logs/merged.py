"""Several streams of rows as one in the order of time, many rows at a time.

A log is written in the order of time but where its clock was set back: what stands
behind a later row is not told before it, though its stamp says so.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import itemgetter

from zmward.logs.event import Row

_when = itemgetter(0)


class _Stream:
    """What comes next of one stream: some rows, and by when each is told."""

    def __init__(self, parts: Iterator[Sequence[Row]]) -> None:
        self._parts = parts
        self.rows: Sequence[Row] = ()
        self.times: list[float] = []
        self._begin, self._latest = 0, float("-inf")
        # Whether each row is told at its own time.
        self.even = True

    def fill(self) -> bool:
        """Have some rows, unless the stream is over."""
        while self._begin >= len(self.rows):
            part = next(self._parts, None)
            if part is None:
                return False
            times = list(map(_when, part))
            sooner = bool(times) and (times[0] < self._latest or times != sorted(times))
            self.even = not sooner
            if sooner:
                times = list(accumulate(times, max, initial=self._latest))[1:]
            if times:
                self._latest = times[-1]
            self.rows, self.times, self._begin = part, times, 0
        return True

    def taken(self, end: int) -> slice:
        """Leave the rows up to there, and return which these are."""
        begin, self._begin = self._begin, max(end, self._begin)
        return slice(begin, end)


def merged(streams: Iterable[Iterator[Sequence[Row]]]) -> Iterator[Sequence[Row]]:
    """Yield the rows of all streams; of those of one time, the first stream's first."""
    left = [_Stream(parts) for parts in streams]
    while left := [one for one in left if one.fill()]:
        # The rows before this time are all known; of this time, those of streams that
        # stand before the one which ends there, and its own.
        limit, least = min((one.times[-1], number) for number, one in enumerate(left))
        even = all(one.even for one in left)
        rows: list[Row] = []
        times: list[float] = []
        for number, one in enumerate(left):
            bisect = bisect_right if number <= least else bisect_left
            some = one.taken(bisect(one.times, limit))
            rows += one.rows[some]
            if not even:
                times += one.times[some]
        if even:
            rows.sort(key=_when)
        else:
            order = sorted(range(len(rows)), key=times.__getitem__)
            rows = [rows[number] for number in order]
        yield rows
