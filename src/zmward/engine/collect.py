"""Asks a host its questions, once each, and makes Evidence of the answers."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from zmward.doors.host import Door
from zmward.engine.answers import evidence, read
from zmward.engine.script import collector
from zmward.evidence import Evidence
from zmward.sources.source import Source

Progress = Callable[[int, int, str], None]


def _silent(_done: int, _total: int, _about: str) -> None:
    return None


def _watched(
    lines: Iterable[bytes], sources: tuple[Source[Any], ...], progress: Progress
) -> Iterator[bytes]:
    about = {source.name.encode(): source.about for source in sources}
    done = 0
    for line in lines:
        if line.startswith(b"% "):
            name = line[2:].strip()
            if name in about:
                progress(done, len(sources), about[name])
                done += 1
        yield line
    progress(len(sources), len(sources), "")


def collect(
    door: Door,
    sources: Iterable[Source[Any]],
    version: str,
    progress: Progress = _silent,
) -> Evidence:
    """Run the collector through a door; one round trip, answers read as they come."""
    asked = tuple(sources)
    lines = _watched(door.lines(collector(asked, version)), asked, progress)
    return evidence(read(lines, asked, door.name), asked, version)
