"""Several processes that look at files, each as fast as it can, gently.

What they are given to do is numbered and comes back in that order, so that the result
does not depend on how many they are.
"""

import fcntl
import marshal
import multiprocessing
import os
import select
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Final

import msgspec
from msgspec.structs import astuple

from zmward.doors.examine import Examiner
from zmward.doors.tree import Folder, enter
from zmward.errors import Incomplete
from zmward.integrity.names import shown

_AHEAD: Final = 2
# What is given and what comes back fits, so that nobody waits for the other's end.
_PIPE: Final = 1 << 20
_SET_PIPE: Final = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_BATCH: Final = 96
_GENTLE: Final = 10
_ENDED: Final = "A process that looked at files ended early: memory may be short."


class Looked(msgspec.Struct, frozen=True, array_like=True):
    """What came of one batch: its lines of the manifest, and what could not be read."""

    lines: bytes
    count: int
    notes: tuple[tuple[str, str], ...] = ()


Batch = tuple[Folder, ...]


class Looker:
    """Looks at batches of folders below a root."""

    def __init__(self, root: int, examiner: Examiner) -> None:
        self._root, self._examiner = root, examiner
        self._encode = msgspec.json.Encoder().encode

    def look(self, batch: Batch) -> Looked:
        """Return the lines of a batch."""
        lines: list[bytes] = []
        notes: list[tuple[str, str]] = []
        for folder in batch:
            try:
                opened = enter(self._root, folder.path)
            except OSError as error:
                if not isinstance(error, FileNotFoundError):
                    notes.append((shown(folder.path), error.strerror or ""))
                continue
            try:
                self._folder(opened, folder, lines)
            finally:
                os.close(opened)
        return Looked(b"".join(lines), len(lines), tuple(notes))

    def _folder(self, opened: int, folder: Folder, lines: list[bytes]) -> None:
        encode, examiner = self._encode, self._examiner
        if folder.meant:
            lines.append(encode(examiner.folder(opened, folder.path)) + b"\n")
        path = folder.path
        text = shown(path)
        for name in folder.names:
            node = examiner.plain(
                opened, name, f"{path}/{name}", f"{text}/{shown(name)}"
            )
            if node is not None:
                lines.append(encode(node) + b"\n")
        for name in folder.others:
            node = examiner.entry(opened, name, f"{path}/{name}")
            if node is not None:
                lines.append(encode(node) + b"\n")


def batches(folders: Iterable[Folder]) -> Iterator[Batch]:
    """Yield folders in batches of about equally many names, in their order."""
    batch: list[Folder] = []
    size = 0
    for folder in folders:
        names, rest = folder.names, folder
        while len(names) + size > _BATCH and names:
            room = max(_BATCH - size, 1)
            batch.append(Folder(folder.path, names[:room], rest.meant, rest.others))
            yield tuple(batch)
            names, batch, size = names[room:], [], 0
            rest = Folder(folder.path, names, meant=False)
        if names or rest.meant or rest.others:
            batch.append(Folder(folder.path, names, rest.meant, rest.others))
            size += len(names) + len(rest.others) + 1
        if size >= _BATCH:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)


def _order(batch: Batch) -> bytes:
    # Names may hold what no UTF-8 is, which marshal keeps and JSON does not; pickle
    # would take ten times as long.
    return marshal.dumps([astuple(folder) for folder in batch])


def _given(order: bytes) -> Batch:
    return tuple(Folder(*row) for row in marshal.loads(order))  # noqa: S302  # from our own process


def _serve(looker: Looker, inbox: Connection, outbox: Connection) -> None:
    """Look at what is asked for, until nobody asks any more."""
    encode = msgspec.msgpack.Encoder().encode
    try:
        while True:
            outbox.send_bytes(encode(looker.look(_given(inbox.recv_bytes()))))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


class _Worker:
    """One other process: its pipes, and the numbers of what it was given to do."""

    def __init__(self, looker: Looker) -> None:
        fork = multiprocessing.get_context("fork")
        inbox, self.orders = fork.Pipe(duplex=False)
        self.answers, outbox = fork.Pipe(duplex=False)
        for end in (self.orders, outbox):
            fcntl.fcntl(end.fileno(), _SET_PIPE, _PIPE)
        self.process = fork.Process(
            target=_serve, args=(looker, inbox, outbox), daemon=True
        )
        self.process.start()
        inbox.close()
        outbox.close()
        self.doing: deque[int] = deque()

    def close(self) -> None:
        """End the process."""
        self.orders.close()
        self.answers.close()
        self.process.terminate()
        self.process.join()


def looked(looker: Looker, some: Iterable[Batch], count: int) -> Iterator[Looked]:
    """Yield what each batch shows, in the order of the batches."""
    if count <= 1:
        yield from map(looker.look, some)
        return
    workers = [_Worker(looker) for _ in range(count)]
    try:
        yield from _shared(workers, some)
    finally:
        for worker in workers:
            worker.close()


class _Crew:
    """Workers at work: what was given, and what has come back."""

    def __init__(self, workers: list[_Worker]) -> None:
        self._workers = workers
        self._by_number = {one.answers.fileno(): one for one in workers}
        self._poll = select.poll()
        for number in self._by_number:
            self._poll.register(number, select.POLLIN)
        self._decode = msgspec.msgpack.Decoder(Looked).decode
        self._done: dict[int, Looked] = {}
        self._wanted = 0
        self.given = 0

    def _receive(self, milliseconds: int | None) -> None:
        for number, _ in self._poll.poll(milliseconds):
            worker = self._by_number[number]
            try:
                raw = worker.answers.recv_bytes()
            except EOFError as error:
                raise Incomplete(_ENDED) from error
            self._done[worker.doing.popleft()] = self._decode(raw)

    def give(self, batch: Batch) -> None:
        """Give a batch to the worker that has least to do, once one has room."""
        while True:
            free = min(self._workers, key=lambda one: len(one.doing))
            if len(free.doing) < _AHEAD:
                break
            self._receive(None)
        try:
            free.orders.send_bytes(_order(batch))
        except OSError as error:
            raise Incomplete(_ENDED) from error
        free.doing.append(self.given)
        self.given += 1

    def ready(self, *, wait: bool) -> Iterator[Looked]:
        """Yield what has come back in its turn; with `wait` all that was given."""
        self._receive(0)
        while self._wanted < self.given:
            while wait and self._wanted not in self._done:
                self._receive(None)
            if self._wanted not in self._done:
                return
            yield self._done.pop(self._wanted)
            self._wanted += 1


def _shared(workers: list[_Worker], some: Iterable[Batch]) -> Iterator[Looked]:
    crew = _Crew(workers)
    for batch in some:
        crew.give(batch)
        yield from crew.ready(wait=False)
    yield from crew.ready(wait=True)


def gentle() -> None:
    """Let everybody else go first, on the processors and so on the disks."""
    os.nice(max(0, _GENTLE - os.nice(0)))
