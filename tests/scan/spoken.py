"""A way to a server that speaks from a list, whatever it is asked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from zmward.scan.line import Ended, Exchange


class SpokenLine:
    """One conversation; it ends where the list ends."""

    spent = 0.0

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._said: list[Exchange] = []

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(self._said)

    def send(self, content: bytes, *, secret: bool = False) -> None:
        shown = "(not shown)" if secret else content.decode("utf-8", "replace")
        self._said.append(Exchange(1, shown, "?"))

    def line(self) -> bytes:
        for found in self._lines:
            self._said.append(Exchange(1, "", repr(found)))
            return found.replace(b"\n", b"")
        raise Ended("it closed the connection")

    def some(self, most: int = 65_536) -> bytes:
        return self.line()[:most]

    def exactly(self, count: int) -> bytes:
        return self.line()[:count]

    def secure(self, name: str) -> None:
        del name


class Spoken:
    """The way to that server; every conversation begins at the list's start."""

    address = "192.0.2.10"

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines

    @contextmanager
    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> Iterator[SpokenLine]:
        del port, tls, seconds
        yield SpokenLine(iter(self._lines))

    def datagram(
        self, port: int, content: bytes, *, most: int = 4096, seconds: float = 1.0
    ) -> tuple[bytes, ...]:
        del port, content, most, seconds
        return ()
