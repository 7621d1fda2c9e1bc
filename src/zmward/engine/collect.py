"""Asks a host its questions, once each, and makes Evidence of the answers."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

from zmward.doors.host import Door
from zmward.engine.answers import evidence, read
from zmward.engine.script import collector
from zmward.evidence import Answer, Evidence, Missing
from zmward.sources.source import Source

Progress = Callable[[int, int, str], None]
Answers = dict[str, Answer | Missing]

# Fewer questions are not worth a second shell.
_WORTH_TWO = 12


def _silent(_done: int, _total: int, _about: str) -> None:
    return None


class _Collection:
    """One collection: the door, all its sources, and how far it is."""

    def __init__(self, door: Door, version: str, total: int, show: Progress) -> None:
        self._door = door
        self._version = version
        self._total = total
        self._show = show
        self._done = 0
        self._lock = Lock()

    def _watched(
        self, lines: Iterable[bytes], sources: tuple[Source[Any], ...]
    ) -> Iterator[bytes]:
        about = {source.name.encode(): source.about for source in sources}
        for line in lines:
            name = line[2:].strip() if line.startswith(b"% ") else b""
            if name in about:
                with self._lock:
                    self._show(self._done, self._total, about[name])
                    self._done += 1
            yield line

    def ask(
        self,
        sources: tuple[Source[Any], ...],
        begun: Callable[[], None] = lambda: None,
    ) -> Answers:
        """Ask some sources; `begun` is called when the host has begun to answer."""
        lines = self._door.lines(collector(sources, self._version))

        def started() -> Iterator[bytes]:
            for number, line in enumerate(lines):
                if not number:
                    begun()
                yield line

        watched = self._watched(started(), sources)
        return read(watched, sources, self._door.name)


def collect(
    door: Door,
    sources: Iterable[Source[Any]],
    version: str,
    progress: Progress = _silent,
) -> Evidence:
    """Run the collector through a door; answers are read as they come.

    Many questions are asked by two shells side by side. The second begins when the
    first has answered, so that over ssh both share one connection.
    """
    asked = tuple(sources)
    collection = _Collection(door, version, len(asked), progress)
    found: Answers = {}
    if door.streams < 2 or len(asked) < _WORTH_TWO:  # noqa: PLR2004  # two shells
        found = collection.ask(asked)
    else:
        with ThreadPoolExecutor(1) as pool:
            second: list[Future[Answers]] = []
            found = collection.ask(
                asked[::2],
                lambda: second.append(pool.submit(collection.ask, asked[1::2])),
            )
            found |= second[0].result()
    progress(len(asked), len(asked), "")
    return evidence(found, asked, version)
