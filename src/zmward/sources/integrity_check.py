"""What the last `zmward integrity check` found, as it noted it on its host.

The note holds numbers and times, and no path of what was found.
"""

from datetime import datetime
from typing import Final

import msgspec

from zmward.sources.own_records import INTEGRITY, listed, record, records
from zmward.sources.source import Snippet, Source, Unreadable

SCHEMA: Final = "zmward.integrity-check/1"
WHOLE: Final = "check.json"
QUICK: Final = "check-quick.json"


class Note(msgspec.Struct, frozen=True):
    """A check: when, with which baseline, and what came of it.

    `made` is when that baseline was made, `keys` are the public keys that were
    believed, `missed` counts places that were not seen. `refused` says why there was
    nothing to compare with, and is empty where there was.
    """

    schema: str
    when: str
    keys: tuple[str, ...]
    number: int = 0
    made: str = ""
    alarms: int = 0
    missed: int = 0
    refused: str = ""

    @property
    def began(self) -> datetime:
        """Return when it was."""
        return datetime.fromisoformat(self.when)


class Notes(msgspec.Struct, frozen=True):
    """The last check of all contents, the last quick one, and why others are none."""

    whole: Note | None = None
    quick: Note | None = None
    doubts: tuple[str, ...] = ()


def note(text: str | bytes, path: str) -> Note:
    """Read a note; raise Unreadable for what is none."""
    found = record(text, path, Note, SCHEMA, lambda one: (one.made,))
    if not (found.number or found.refused):
        raise Unreadable(f"{path} is damaged: a check of nothing")
    return found


def parse(answer: str) -> Notes:
    """Read a head line of stat's for each note, and the notes; none is an answer.

    Only root's own are believed.
    """
    texts, doubts = records(answer)
    found = {path.rpartition("/")[2]: note(text, path) for path, text in texts.items()}
    return Notes(found.get(WHOLE), found.get(QUICK), doubts)


INTEGRITY_CHECK = Source(
    name="integrity-check",
    about="What the last `zmward integrity check` found on each host.",
    question=Snippet(f'{listed(INTEGRITY)}told "$own/{WHOLE}" "$own/{QUICK}"\n'),
    parse=parse,
)
