"""Who reads pieces: this process alone, or several others, each as fast as it can.

A reader in another process has at most two pieces to do, and does them in their order;
a packed file stays with the reader that began it. What has been read is kept as columns
until it is wanted; what events have in common crosses over once.
"""

import fcntl
import multiprocessing
import select
from collections import deque
from multiprocessing.connection import Connection
from typing import Final, Protocol

import msgspec

from zmward.engine.log_pieces import Reader, Task, Told, Words
from zmward.errors import Incomplete

_AHEAD = 2
_PIPE = 1 << 20
_ENDED: Final = "A reader of the logs ended early."
_SET_PIPE: Final = getattr(fcntl, "F_SETPIPE_SZ", 1031)


class Readers(Protocol):
    """Takes pieces to read and gives back what they tell."""

    def idle(self, task: Task) -> bool:
        """Return whether somebody could begin with a piece."""

    def begin(self, task: Task) -> None:
        """Begin with a piece."""

    def told(self, task: Task) -> tuple[Told, Words]:
        """Return what a piece that was begun tells, and what it refers to; wait."""

    def close(self) -> None:
        """End all readers."""


class Alone:
    """Reads each piece when it is wanted, here."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._words = reader, Words()

    def idle(self, task: Task) -> bool:  # noqa: ARG002  # as the others
        """Return that nothing is read before it is wanted."""
        return False

    def begin(self, task: Task) -> None:
        """Leave it for later."""

    def told(self, task: Task) -> tuple[Told, Words]:
        """Read a piece."""
        told = self._reader.read(task)
        if told.anew:
            self._words = Words()
        self._words.add(told)
        return told, self._words

    def close(self) -> None:
        """Have nobody to end."""


class _Worker:
    """One other process: its pipes, and what it was given to do."""

    def __init__(self, reader: Reader) -> None:
        fork = multiprocessing.get_context("fork")
        inbox, self.orders = fork.Pipe(duplex=False)
        self.answers, outbox = fork.Pipe(duplex=False)
        fcntl.fcntl(outbox.fileno(), _SET_PIPE, _PIPE)
        self.process = fork.Process(
            target=_serve, args=(reader, inbox, outbox), daemon=True
        )
        self.process.start()
        inbox.close()
        outbox.close()
        self.doing: deque[Task] = deque()
        # What the numbers of its answers refer to.
        self.words = Words()

    def close(self) -> None:
        """End the process."""
        self.orders.close()
        self.answers.close()
        self.process.terminate()
        self.process.join()


def _serve(reader: Reader, inbox: Connection, outbox: Connection) -> None:
    """Be a reader, until nobody asks any more."""
    encoder = msgspec.msgpack.Encoder()
    decoder = msgspec.msgpack.Decoder(Task)
    try:
        while True:
            task = decoder.decode(inbox.recv_bytes())
            outbox.send_bytes(encoder.encode(reader.read(task)))
    except (EOFError, BrokenPipeError):
        return


class Workers:
    """Several processes that read pieces."""

    def __init__(self, reader: Reader, count: int) -> None:
        self._workers = [_Worker(reader) for _ in range(count)]
        self._read: dict[Task, deque[tuple[Told, Words]]] = {}
        self._packed: dict[int, _Worker] = {}
        self._decoder = msgspec.msgpack.Decoder(Told)
        self._poll = select.poll()
        self._by_number = {one.answers.fileno(): one for one in self._workers}
        for number in self._by_number:
            self._poll.register(number, select.POLLIN)

    def _free(self, task: Task) -> _Worker:
        if task.end == 0 and task.file in self._packed:
            return self._packed[task.file]
        return min(self._workers, key=lambda one: len(one.doing))

    def idle(self, task: Task) -> bool:
        """Return whether a reader has little to do."""
        if len(self._free(task).doing) >= _AHEAD:
            self._receive(0)
        return len(self._free(task).doing) < _AHEAD

    def begin(self, task: Task) -> None:
        """Give a piece to the reader that has least to do."""
        worker = self._free(task)
        if task.end == 0:
            self._packed[task.file] = worker
        worker.doing.append(task)
        try:
            worker.orders.send_bytes(msgspec.msgpack.encode(task))
        except OSError as error:
            raise Incomplete(_ENDED) from error

    def _receive(self, milliseconds: int | None) -> None:
        for number, _ in self._poll.poll(milliseconds):
            worker = self._by_number[number]
            try:
                raw = worker.answers.recv_bytes()
            except EOFError as error:
                raise Incomplete(_ENDED) from error
            told = self._decoder.decode(raw)
            if told.anew:
                worker.words = Words()
            worker.words.add(told)
            answers = self._read.setdefault(worker.doing.popleft(), deque())
            answers.append((told, worker.words))

    def told(self, task: Task) -> tuple[Told, Words]:
        """Return what a piece tells; what others tell meanwhile is kept."""
        while not self._read.get(task):
            self._receive(None)
        answer = self._read[task].popleft()
        if not self._read[task]:
            del self._read[task]
        return answer

    def close(self) -> None:
        """End all readers."""
        for worker in self._workers:
            worker.close()
