"""Asks TCP ports by first packets alone, which needs the rights of root.

The kernel knows nothing of these connections and resets each that is accepted; a
socket that is bound and does not listen keeps their port from all other programs.
"""

import ctypes
import errno
import os
import selectors
import socket
import struct
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Final

from zmward.scan.patience import Allowance
from zmward.scan.segments import Questions, answer, only, quoted
from zmward.scan.swept import NOBODY, REFUSED_HERE, Knock, Ledger, Turn
from zmward.scan.unreachable import Family, meaning, nobody

_ONCE: Final = 64
_READ: Final = 65_536
_BUFFER: Final = 8 << 20
# Linux names that Python has not.
_SO_RCVBUFFORCE: Final = 33
_SO_ATTACH_FILTER: Final = 26
_ICMP_FILTER: Final = (255, 1)
_ICMP6_FILTER: Final = (58, 1)
_SHORT: Final = {errno.ENOBUFS, errno.EAGAIN, errno.ENOMEM}
_REFUSED: Final = {errno.EPERM, errno.EACCES}
_STARVED: Final = 1000
_PAUSE: Final = 0.002


def _filtered(wire: socket.socket, rows: Sequence[tuple[int, int, int, int]]) -> None:
    code = b"".join(struct.pack("HBBI", *row) for row in rows)
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HP", len(rows), ctypes.addressof(held))
    wire.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def _only_unreachable(wire: socket.socket, family: Family) -> None:
    """Let only messages in that say what became of a packet."""
    if family == 4:  # noqa: PLR2004
        mask = struct.pack("I", 0xFFFFFFFF & ~(1 << 3 | 1 << 11))
        wire.setsockopt(*_ICMP_FILTER, mask)
    else:
        mask = struct.pack("8I", 0xFFFFFFFF & ~(1 << 1 | 1 << 3), *[0xFFFFFFFF] * 7)
        wire.setsockopt(*_ICMP6_FILTER, mask)


class _Family:
    """The raw sockets of one version of IP, and the own port."""

    def __init__(self, family: Family, stack: ExitStack) -> None:
        self.family: Family = family
        kind = socket.AF_INET if family == 4 else socket.AF_INET6  # noqa: PLR2004
        icmp = (
            socket.IPPROTO_ICMP if family == 4 else socket.IPPROTO_ICMPV6  # noqa: PLR2004
        )
        self._held = stack.enter_context(socket.socket(kind, socket.SOCK_STREAM))
        if family == 6:  # noqa: PLR2004
            self._held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self._held.bind(("", 0))
        self.port = int(self._held.getsockname()[1])
        raw = socket.SOCK_RAW
        self.tcp = stack.enter_context(socket.socket(kind, raw, socket.IPPROTO_TCP))
        self.icmp = stack.enter_context(socket.socket(kind, raw, icmp))
        _filtered(self.tcp, only(family, self.port))
        _only_unreachable(self.icmp, family)
        for wire in (self.tcp, self.icmp):
            wire.setblocking(False)  # noqa: FBT003  # the library's own name
            with suppress(OSError):
                wire.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)


class _Way:
    """The way to one address, with a secret number for each of its ports."""

    def __init__(self, address: str, by: _Family) -> None:
        self.by = by
        kind = socket.AF_INET if by.family == 4 else socket.AF_INET6  # noqa: PLR2004
        flags = socket.AI_NUMERICHOST
        found = socket.getaddrinfo(address, 0, kind, socket.SOCK_STREAM, 0, flags)
        self.address = found[0][4]
        with socket.socket(kind, socket.SOCK_DGRAM) as probe:
            probe.connect((self.address[0], 9, *self.address[2:]))
            self.here = str(probe.getsockname()[0]).partition("%")[0]
        self.there = socket.inet_pton(kind, address.partition("%")[0])
        packed = socket.inet_pton(kind, self.here)
        self.questions = Questions(packed, self.there, by.port)
        self.secrets = array("I", os.urandom(4 * 65_536))
        self.own = packed == self.there


class Syns:
    """Asks by first packets; raises PermissionError where that is not allowed."""

    def __init__(
        self, ledger: Ledger, allowance: Allowance, until: Callable[[], float]
    ) -> None:
        self._ledger, self._allowance, self._until = ledger, allowance, until
        self._stack = ExitStack()
        self._selector = self._stack.enter_context(selectors.DefaultSelector())
        self._families: dict[Family, _Family] = {}
        self._ways: dict[str, _Way | str] = {}
        self._back: dict[tuple[Family, bytes], str] = {}
        self._sent: dict[Knock, float] = {}
        self._starved = 0
        # The rights are tried out at once; a machine may be without IPv6.
        self._family(4)

    def close(self) -> None:
        """Close every socket."""
        self._stack.close()

    def _family(self, family: Family) -> _Family:
        if family not in self._families:
            made = self._families[family] = _Family(family, self._stack)
            for wire, read in ((made.tcp, self._segment), (made.icmp, self._message)):
                there = (wire, read, made)
                self._selector.register(wire, selectors.EVENT_READ, there)
        return self._families[family]

    def _way(self, address: str) -> _Way | str:
        """Return the way to an address, or why there is none."""
        if address not in self._ways:
            try:
                by = self._family(6 if ":" in address else 4)
                way = self._ways[address] = _Way(address, by)
                self._back[by.family, way.there] = address
            except OSError as error:
                self._ways[address] = error.strerror or str(error)
        return self._ways[address]

    def ask(self, knocks: Sequence[Knock], turn: Turn) -> bool:
        """Ask each once and wait; say whether the time sufficed."""
        queue = deque(knocks)
        last = time.monotonic()
        waiting, known = list(knocks), -1
        while (now := time.monotonic()) < self._until():
            for _ in range(self._allowance.take(now, min(len(queue), _ONCE))):
                self._send(queue, turn)
                last = now
            turn.tell(len(knocks) - len(queue))
            if queue:
                self._hear(self._allowance.wait())
                continue
            if known != self._settled():
                known, waiting = self._settled(), self._ledger.left(waiting)
            left = last + self._longest(waiting, turn) - time.monotonic()
            if left <= 0 or not waiting:
                return True
            self._hear(min(left, 0.05))
        return False

    def _settled(self) -> int:
        """Return a number that changes with every answer, whomever it is about."""
        return len(self._ledger.states) + len(self._ledger.untold)

    def _longest(self, knocks: Sequence[Knock], turn: Turn) -> float:
        if turn.patience is not None:
            return turn.patience
        addresses = {knock.address for knock in knocks}
        patience = self._ledger.patience
        return max((patience[one].seconds(turn.number) for one in addresses), default=0)

    def _send(self, queue: deque[Knock], turn: Turn) -> None:
        knock = queue.popleft()
        way = self._way(knock.address)
        if isinstance(way, str):
            self._ledger.failed(knock, way)
            return
        segment = way.questions.segment(knock.port, way.secrets[knock.port])
        if turn.number == 0:
            self._sent[knock] = time.monotonic()
        else:
            self._sent.pop(knock, None)
        try:
            way.by.tcp.sendto(segment, way.address)
            self._starved = 0
        except OSError as error:
            self._unsent(queue, knock, error.errno or errno.EIO)

    def _unsent(self, queue: deque[Knock], knock: Knock, code: int) -> None:
        self._starved += 1
        if code in _SHORT and self._starved < _STARVED:
            queue.appendleft(knock)
            time.sleep(_PAUSE)
        else:
            why = REFUSED_HERE if code in _REFUSED else os.strerror(code)
            self._ledger.failed(knock, why)

    def _hear(self, wait: float) -> None:
        for key, _ in self._selector.select(max(wait, 0.0)):
            wire, read, by = key.data
            for _ in range(4 * _ONCE):
                try:
                    content, sender = wire.recvfrom(_READ)
                except OSError:
                    break
                read(by, content, sender)

    def _known(
        self, family: Family, there: bytes, port: int, secret: int
    ) -> tuple[Knock, _Way] | None:
        """Return the question that a packet belongs to, if it knows its secret."""
        address = self._back.get((family, there))
        way = self._ways.get(address or "")
        if address is None or way is None or isinstance(way, str):
            return None
        if way.secrets[port] != secret:
            return None
        return Knock(address, port, "tcp"), way

    def _segment(self, by: _Family, content: bytes, sender: tuple[str, int]) -> None:
        found = answer(content, by.family, by.port)
        if not found:
            return
        there = _packed(by.family, sender[0])
        known = self._known(by.family, there, found.port, found.secret)
        if known:
            knock, _ = known
            since = self._sent.pop(knock, None)
            trip = None if since is None else time.monotonic() - since
            self._ledger.answered(knock, found.state, trip)

    def _message(self, by: _Family, content: bytes, sender: tuple[str, int]) -> None:
        about = quoted(content, by.family, by.port)
        if not about:
            return
        state = meaning(by.family, about.kind, about.code, "tcp")
        known = self._known(by.family, about.there, about.port, about.secret)
        if not (known and state):
            return
        knock, way = known
        if not way.own and sender[0].partition("%")[0] == way.here:
            gone = nobody(by.family, about.kind, about.code)
            self._ledger.failed(knock, NOBODY if gone else REFUSED_HERE)
        else:
            self._ledger.answered(knock, state, None)


def _packed(family: Family, address: str) -> bytes:
    kind = socket.AF_INET if family == 4 else socket.AF_INET6  # noqa: PLR2004
    return socket.inet_pton(kind, address.partition("%")[0])
