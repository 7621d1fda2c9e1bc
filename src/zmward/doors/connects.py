"""Asks ports by connections and datagrams of the system itself, many at a time.

The traps of such scans: a connection from a port to itself shows every port of this
machine as open; errors of this machine look like answers of the other one; and a table
of connections that is full drops packets silently.
"""

import errno
import os
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

from zmward.doors.own_errors import Told, listen, told
from zmward.scan.patience import Allowance
from zmward.scan.swept import NOBODY, REFUSED_HERE, Knock, Ledger, Turn
from zmward.scan.udp import question
from zmward.scan.unreachable import meaning, nobody

# The kernel has run out of something that comes back as connections end.
_SHORT: Final = {
    *(errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN),
    errno.EADDRNOTAVAIL,
}
_UNDER_WAY: Final = {0, errno.EINPROGRESS, errno.EWOULDBLOCK}
_NO_WAY: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
_REFUSED: Final = {errno.EPERM, errno.EACCES}
_BROKEN_OFF: Final = {errno.ECONNRESET, errno.EPIPE}
_TO_ITSELF: Final = 8
_LINGER: Final = struct.pack("ii", 1, 0)
_STARVED: Final = 200
_PAUSE: Final = 0.01
_ONCE: Final = 256


class Engine(Protocol):
    """A way to ask ports."""

    def ask(self, knocks: Sequence[Knock], turn: Turn) -> bool:
        """Ask each once and wait; say whether the time sufficed."""


class _Flight:
    """A question that is under way."""

    __slots__ = ("ended", "knock", "started", "wire")

    def __init__(self, wire: socket.socket, knock: Knock, started: float) -> None:
        self.wire, self.knock, self.started = wire, knock, started
        self.ended = False


def _sockaddr(address: str, port: int) -> tuple[str | int, ...]:
    """Return what connect() wants, the zone of a link-local address as its number."""
    if "%" in address:
        name, _, zone = address.partition("%")
        with suppress(OSError):
            return (name, port, 0, socket.if_nametoindex(zone))
    return (address, port)


class Connects:
    """Asks through the system's own TCP and UDP; needs no privilege."""

    def __init__(
        self,
        ledger: Ledger,
        allowance: Allowance,
        until: Callable[[], float],
        room: int,
    ) -> None:
        self._ledger, self._allowance, self._until = ledger, allowance, until
        self._room = room
        self._selector = selectors.DefaultSelector()
        self._flights: deque[_Flight] = deque()
        self._queue: deque[Knock] = deque()
        self._open = 0
        self._starved = 0
        self._own: dict[str, bool] = {}
        self._again: dict[Knock, int] = {}
        self._turn = Turn(0, lambda _: None)

    def close(self) -> None:
        """End what is still under way."""
        for flight in self._flights:
            self._end(flight)
        self._flights.clear()
        self._selector.close()

    def ask(self, knocks: Sequence[Knock], turn: Turn) -> bool:
        """Ask each once and wait; say whether the time sufficed."""
        self._queue.extend(knocks)
        self._turn = turn
        while self._queue or self._flights:
            now = time.monotonic()
            if now >= self._until():
                return False
            self._send(now)
            turn.tell(len(knocks) - len(self._queue))
            self._hear(now, self._expire(now))
        return True

    def _waited(self, flight: _Flight) -> float:
        if self._turn.patience is not None:
            return self._turn.patience
        return self._ledger.patience[flight.knock.address].seconds(self._turn.number)

    def _expire(self, now: float) -> float | None:
        """End those that were waited for; return when the next one is due."""
        while self._flights:
            flight = self._flights[0]
            due = flight.started + self._waited(flight)
            if not flight.ended and due > now:
                return due
            if not flight.ended:
                self._judge(flight)
                self._end(flight)
            self._flights.popleft()
        return None

    def _send(self, now: float) -> None:
        most = min(len(self._queue), self._room - self._open, _ONCE)
        for _ in range(self._allowance.take(now, max(most, 0))):
            if not self._begin(self._queue.popleft()):
                break

    def _hear(self, now: float, due: float | None) -> None:
        if due is None:
            due = self._until() if self._queue else now
        wait = max(min(due, self._until()) - now, 0.0)
        if self._queue and self._open < self._room:
            wait = min(wait, self._allowance.wait())
        for key, _ in self._selector.select(wait):
            if not key.data.ended and self._judge(key.data):
                self._end(key.data)

    def _begin(self, knock: Knock) -> bool:
        """Ask one port; say whether there was room for it."""
        address = _sockaddr(knock.address, knock.port)
        kind = socket.SOCK_STREAM if knock.proto == "tcp" else socket.SOCK_DGRAM
        family = socket.AF_INET6 if ":" in knock.address else socket.AF_INET
        try:
            wire = socket.socket(family, kind | getattr(socket, "SOCK_NONBLOCK", 0))
        except OSError as error:
            return self._short(knock, error.errno or 0)
        wire.setblocking(False)  # noqa: FBT003  # its name in the standard library
        listen(wire)
        flight = _Flight(wire, knock, time.monotonic())
        self._open += 1
        code = wire.connect_ex(address)
        if code == 0 and knock.proto == "udp":
            code = _sent(wire, question(knock.port))
        if code in _UNDER_WAY:
            tcp = knock.proto == "tcp"
            events = selectors.EVENT_WRITE if tcp else selectors.EVENT_READ
            self._selector.register(wire, events, flight)
            self._flights.append(flight)
            self._starved = 0
            return True
        note = told(wire, knock.address)
        self._open -= 1
        wire.close()
        if code in _SHORT:
            return self._short(knock, code)
        if not (note and self._noted(flight, note)):
            self._refused_at_once(flight, code)
        return True

    def _short(self, knock: Knock, code: int) -> bool:
        """Put a question back until the system has room for it again."""
        if code not in _SHORT:
            self._ledger.failed(knock, os.strerror(code))
            return True
        self._starved += 1
        if self._starved > _STARVED and not self._open:
            self._ledger.failed(knock, os.strerror(code))
            return True
        self._queue.appendleft(knock)
        self._room = max(self._open, 1)
        if not self._open:
            time.sleep(_PAUSE)
        return False

    def _refused_at_once(self, flight: _Flight, code: int) -> None:
        """Judge what connect() itself said, which no packet of the other side did."""
        if code == errno.ECONNREFUSED:
            self._answered(flight, code)
        else:
            why = REFUSED_HERE if code in _REFUSED else os.strerror(code)
            self._ledger.failed(flight.knock, why)

    def _end(self, flight: _Flight) -> None:
        if not flight.ended:
            flight.ended = True
            self._open -= 1
            self._selector.unregister(flight.wire)
            flight.wire.close()

    def _judge(self, flight: _Flight) -> bool:
        """Find out what became of a question; say whether that is decided."""
        wire, knock = flight.wire, flight.knock
        note = told(wire, knock.address)
        if note:
            # Reading it took the error off the socket: undecided means asked again.
            self._noted(flight, note)
            return True
        code = wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code in _NO_WAY:
            # No message came with it: old kernels do not say who refused.
            self._ledger.vague[knock.address] = NOBODY
            return True
        if code:
            self._answered(flight, code)
            return True
        if not _has_come(wire, knock):
            return False
        self._open_or_again(flight)
        return True

    def _noted(self, flight: _Flight, note: Told) -> bool:
        """Take an ICMP message into account; say whether it decides."""
        state = meaning(note.family, note.kind, note.code, flight.knock.proto)
        if state is None:
            return False
        if note.own:
            gone = nobody(note.family, note.kind, note.code)
            self._ledger.failed(flight.knock, NOBODY if gone else REFUSED_HERE)
        else:
            trip = self._trip(flight) if state == "closed" else None
            self._ledger.answered(flight.knock, state, trip)
        return True

    def _answered(self, flight: _Flight, code: int) -> None:
        if code == errno.ECONNREFUSED:
            self._ledger.answered(flight.knock, "closed", self._trip(flight))
        elif code in _BROKEN_OFF:
            self._open_or_again(flight)
        elif code != errno.ETIMEDOUT:
            why = REFUSED_HERE if code in _REFUSED else os.strerror(code)
            self._ledger.failed(flight.knock, why)

    def _trip(self, flight: _Flight) -> float | None:
        # The answer to a repeated question may be one to the first (Karn).
        return time.monotonic() - flight.started if self._turn.number == 0 else None

    def _open_or_again(self, flight: _Flight) -> None:
        knock = flight.knock
        if knock.proto == "tcp" and self._talks_to_itself(flight):
            tries = self._again[knock] = self._again.get(knock, 0) + 1
            if tries < _TO_ITSELF:
                self._queue.append(knock)
            else:
                self._ledger.answered(knock, "closed", None)
            return
        if knock.proto == "tcp":
            # A reset at the end leaves no port of this machine in TIME_WAIT.
            flight.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self._ledger.answered(knock, "open", self._trip(flight))

    def _talks_to_itself(self, flight: _Flight) -> bool:
        """Say whether the other end is a socket of this sweep, and not a service."""
        address, port, _ = flight.knock
        try:
            here = flight.wire.getsockname()[:2]
        except OSError:
            return False
        if address not in self._own:
            self._own[address] = here[0] == address
        if not self._own[address]:
            return False
        return bool(here[1] == port) or port in self._local_ports()

    def _local_ports(self) -> set[int]:
        return {
            flight.wire.getsockname()[1]
            for flight in self._flights
            if not flight.ended and flight.knock.proto == "tcp"
        }


def _sent(wire: socket.socket, content: bytes) -> int:
    try:
        wire.send(content)
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def _has_come(wire: socket.socket, knock: Knock) -> bool:
    """Say whether a connection stands, or a datagram has come."""
    try:
        if knock.proto == "tcp":
            wire.getpeername()
        else:
            wire.recv(1)
    except OSError:
        return False
    return True
