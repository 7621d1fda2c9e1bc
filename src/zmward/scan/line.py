"""A conversation with a port, as the pure dialogues see it: bounded, and written down.

The real one is doors/network.py; tests pass one that speaks from a list.

Broken
├── Silent    nothing came within the time
├── Ended     the other side closed or reset the connection
├── TooMuch   more came than any honest server says
├── Babble    what came is not the protocol that was spoken
└── Unwilling (tls_starttls.py) it said no to TLS in the protocol's own words
"""

from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class Broken(Exception):
    """A conversation that led nowhere; its text says how, in our own words."""


class Silent(Broken):
    """Nothing came within the time."""


class Ended(Broken):
    """The other side closed or reset the connection, or never took it."""


class TooMuch(Broken):
    """More came than any honest server says."""


class Babble(Broken):
    """What came is not the protocol that was spoken."""


class Exchange(msgspec.Struct, frozen=True):
    """What was sent and what came back, printable and shortened; secrets left out."""

    port: int
    sent: str
    received: str


class Line(Protocol):
    """One open connection; every method raises Broken where the other side fails."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Return what was said until now."""

    @property
    def spent(self) -> float:
        """Return for how many seconds it has lasted."""

    def send(self, content: bytes, *, secret: bool = False) -> None:
        """Send bytes; of a secret only the first word is written down."""

    def line(self) -> bytes:
        """Return the next line without its end; at most 4,096 bytes."""

    def some(self, most: int = 65_536) -> bytes:
        """Return what comes next, at least one byte."""

    def exactly(self, count: int) -> bytes:
        """Return so many bytes."""

    def secure(self, name: str) -> None:
        """Go on inside TLS, without believing any certificate; `name` is the SNI."""


class Dial(Protocol):
    """The way to one address of the host that is looked at."""

    @property
    def address(self) -> str:
        """Return the address, of either family."""

    def connect(
        self, port: int, *, tls: str | None = None, seconds: float = 5.0
    ) -> AbstractContextManager[Line]:
        """Open a connection that lasts at most so many seconds in all.

        With `tls`, a name for SNI (empty: none), it is inside TLS from the start.
        """

    def datagram(
        self, port: int, content: bytes, *, most: int = 4096, seconds: float = 1.0
    ) -> tuple[bytes, ...]:
        """Send one datagram; return every answer of the time, at most `most` bytes."""


class Ask(msgspec.Struct, frozen=True):
    """Whom the questions are about: the name as given, and the site's own domains."""

    host: str
    domains: tuple[str, ...] = ()


AGENT = "zmward-scan"
