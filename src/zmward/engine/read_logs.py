"""Reads logs in the order of time, half of them in a second process where that pays."""

import heapq
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from multiprocessing.connection import Connection

import msgspec

from zmward.doors.log_files import LogFiles, Opened
from zmward.errors import Incomplete
from zmward.logs.addresses import Trusted
from zmward.logs.clock import Clock
from zmward.logs.event import Event
from zmward.logs.lines import Place
from zmward.logs.reading import Counts, events

# Less than this is read sooner than a second process starts.
_WORTH = 32 << 20
_BATCH = 4096
_PACKED = 12
_PACKINGS = (".gz", ".xz", ".bz2")


class Asked(msgspec.Struct, frozen=True):
    """What the reading of every file needs to know."""

    zone: tzinfo
    trusted: tuple[str, ...]
    since: float
    until: float


class _Sent(msgspec.Struct):
    """One message of the second process: events, and at its end the sums."""

    events: list[Event]
    sums: tuple[int, int, int] | None = None
    notes: list[str] = []
    unread: int = 0


def streams(opened: Iterable[Opened]) -> list[list[Opened]]:
    """Return the files by log and folder, oldest first: each list is one stream."""
    found: dict[tuple[str, str], list[Opened]] = {}
    for one in sorted(opened, key=lambda one: one.written):
        found.setdefault((one.log, str(one.path.parent)), []).append(one)
    return list(found.values())


def _work(stream: Sequence[Opened]) -> int:
    return sum(
        one.size * (_PACKED if one.path.name.endswith(_PACKINGS) else 1)
        for one in stream
    )


def halves(
    some: Sequence[list[Opened]],
) -> tuple[list[list[Opened]], list[list[Opened]]]:
    """Return the streams in two parts of about the same work."""
    parts: tuple[list[list[Opened]], list[list[Opened]]] = ([], [])
    sums = [0, 0]
    for stream in sorted(some, key=_work, reverse=True):
        least = sums.index(min(sums))
        parts[least].append(stream)
        sums[least] += _work(stream)
    return parts


class Reading:
    """One reading of all files: its events in order, and its sums when it is over."""

    def __init__(self, files: LogFiles, asked: Asked) -> None:
        self._files, self._asked = files, asked
        self.counts = Counts()

    def _stream(self, stream: Sequence[Opened], trusted: Trusted) -> Iterator[Event]:
        since, until = self._asked.since, self._asked.until
        for one in stream:
            place = Place(one.log, Clock(self._asked.zone, one.written), trusted)
            for event in events(place, self._files.blocks(one), self.counts):
                if since <= event.when <= until:
                    yield event

    def _merged(self, some: Sequence[Sequence[Opened]]) -> Iterator[Event]:
        trusted = Trusted(self._asked.trusted)
        return heapq.merge(
            *(self._stream(one, trusted) for one in some), key=lambda one: one.when
        )

    def events(self) -> Iterator[Event]:
        """Yield the events of all files in the order of time."""
        some = streams(self._files.opened)
        own, other = halves(some)
        alone = not other or sum(map(_work, some)) < _WORTH
        try:
            yield from self._merged(some) if alone else self._together(own, other)
        finally:
            self._files.close()

    def _together(
        self, own: Sequence[list[Opened]], other: Sequence[list[Opened]]
    ) -> Iterator[Event]:
        fork = multiprocessing.get_context("fork")
        ours, theirs = fork.Pipe(duplex=False)
        process = fork.Process(target=self._send, args=(theirs, other), daemon=True)
        process.start()
        theirs.close()
        try:
            yield from heapq.merge(
                self._merged(own), self._received(ours), key=lambda one: one.when
            )
        finally:
            ours.close()
            process.terminate()
            process.join()

    def _send(self, out: Connection, some: Sequence[list[Opened]]) -> None:
        """Be the second process."""
        encoder = msgspec.msgpack.Encoder()
        before = len(self._files.notes), self._files.unread
        batch: list[Event] = []
        for event in self._merged(some):
            batch.append(event)
            if len(batch) == _BATCH:
                out.send_bytes(encoder.encode(_Sent(batch)))
                batch = []
        sums = self.counts
        last = _Sent(
            batch,
            (sums.lines, sums.candidates, sums.unparsed),
            self._files.notes[before[0] :],
            self._files.unread - before[1],
        )
        out.send_bytes(encoder.encode(last))

    def _received(self, ours: Connection) -> Iterator[Event]:
        decoder = msgspec.msgpack.Decoder(_Sent)
        while True:
            try:
                sent = decoder.decode(ours.recv_bytes())
            except EOFError as error:
                raise Incomplete("A reader of the logs ended early.") from error
            yield from sent.events
            if sent.sums is not None:
                self.counts.add(Counts(*sent.sums))
                self._files.notes += sent.notes
                self._files.unread += sent.unread
                return
