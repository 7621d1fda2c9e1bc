"""What a run is about to do and has done: append only, synced, without values.

Each entry is one line of JSON. An entry that breaks off, because the disk was full or
the power went, is no entry; what it announced was then never begun.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from zmward.doors.files import look, read_bytes
from zmward.doors.host import Door
from zmward.engine.state import Run
from zmward.errors import Fault

What = Literal[
    "opened",
    "despite",
    "loses",
    "armed",
    "begin",
    "done",
    "render",
    "reload",
    "restart",
    "applied",
    "confirmed",
    "rollback",
    "undone",
    "kept",
    "stays",
    "not-undone",
    "rolled-back",
    "incomplete",
    "abandoned",
    "expired",
]
# Nothing more is to be done about a run in one of these states.
FINAL: tuple[What, ...] = ("applied", "confirmed", "rolled-back")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: when, what, which steps of the plan, and a word for people."""

    at: str
    what: What
    steps: tuple[int, ...] = ()
    note: str = ""


class Journal(msgspec.Struct, frozen=True):
    """The journal of one run on its host."""

    door: Door
    run: Run

    def write(self, what: What, steps: Iterable[int] = (), note: str = "") -> None:
        """Append one entry; return only when the disk has it."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        line = msgspec.json.encode(Entry(at, what, tuple(steps), note))
        out = ("dd", f"of={self.run.journal}", "oflag=append", "conv=notrunc,fsync")
        # The first newline ends an entry that broke off before.
        done = self.door.run((*out, "status=none"), given=b"\n" + line + b"\n")
        if done.code:
            raise Fault("journal", done.said, self.run.journal)

    def read(self) -> tuple[Entry, ...]:
        """Return all whole entries, oldest first."""
        if look(self.door, self.run.journal) is None:
            return ()
        found = []
        for line in read_bytes(self.door, self.run.journal).split(b"\n"):
            try:
                found.append(msgspec.json.decode(line, type=Entry))
            except msgspec.DecodeError:
                continue
        return tuple(found)


_STATES: tuple[What, ...] = (*FINAL, "rollback", "incomplete")


def state(entries: Iterable[Entry]) -> What:
    """Return how far a run came: the last entry that says so."""
    found: What = "opened"
    for entry in entries:
        if entry.what in _STATES:
            found = entry.what
        elif entry.what == "begin":
            found = "begin"
    return found


def begun(entries: Iterable[Entry]) -> tuple[int, ...]:
    """Return the steps that may have been carried out, newest first."""
    steps = [n for entry in entries if entry.what == "begin" for n in entry.steps]
    return tuple(reversed(dict.fromkeys(steps)))


def noted(entries: Iterable[Entry], what: What) -> tuple[str, ...]:
    """Return the words of all entries of a kind, each once."""
    return tuple(dict.fromkeys(e.note for e in entries if e.what == what))
