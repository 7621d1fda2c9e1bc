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


# The switch's script looks for a mark, and leaves its folder, under the same lock.
_UNLESS_FIRED = """\
exec 8<"$2" && flock -w 30 8 || { echo 'its switch holds it' >&2; exit 75; }
[ ! -e "$2/fired" ] || exit 4
exec dd of="$2/journal" oflag=append conv=notrunc,fsync status=none
"""
_FIRED = 4


def _line(what: What, steps: Iterable[int], note: str) -> bytes:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    # The first newline ends an entry that broke off before.
    return b"\n" + msgspec.json.encode(Entry(at, what, tuple(steps), note)) + b"\n"


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
        out = ("dd", f"of={self.run.journal}", "oflag=append", "conv=notrunc,fsync")
        line = _line(what, steps, note)
        done = self.door.run((*out, "status=none"), given=line)
        if done.code:
            raise Fault("journal", done.said, self.run.journal)

    def mark_confirmed(self) -> bool:
        """Write that a run is kept, and say so; False where its switch came first."""
        argv = ("sh", "-c", _UNLESS_FIRED, "zmward", "mark", self.run.folder)
        done = self.door.run(argv, given=_line("confirmed", (), ""))
        if done.code not in {0, _FIRED}:
            raise Fault("journal", done.said, self.run.journal)
        return not done.code

    def _lines(self) -> tuple[bytes, ...]:
        if look(self.door, self.run.journal) is None:
            return ()
        lines = read_bytes(self.door, self.run.journal).split(b"\n")
        return tuple(line for line in lines if line)

    def read(self) -> tuple[Entry, ...]:
        """Return all whole entries, oldest first."""
        return tuple(entry for line in self._lines() if (entry := _entry(line)))

    def damaged(self) -> bool:
        """Say whether entries are lost: more than one that broke off."""
        lines = self._lines()
        lost = (line for line in lines if _entry(line) is None)
        return not lines or any(not _broke_off(line) for line in lost)


def _entry(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry)
    except (msgspec.DecodeError, UnicodeError):
        return None


def _broke_off(line: bytes) -> bool:
    start = b'{"at":"'
    return line[: len(start)] == start[: len(line)] and not line.endswith(b"}")


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
