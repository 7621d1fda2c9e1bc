"""The last rehearsed restore of each copy, as `zmward backup drill` remembered it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec

from zmward.sources.own_records import OWN, listed, record, records
from zmward.sources.source import Snippet, Source, Unreadable

SCHEMA: Final = "zmward.drill/1"
# Before each copy had a file of its own, there was one of the last drill of all.
OLD: Final = "drill.json"
FOLDER: Final = "drills"
State = Literal["bad", "unknown", "well"]


class Tried(msgspec.Struct, frozen=True):
    """One part of a drill: what it was about, and whether that restored."""

    subject: str
    state: State


class Drill(msgspec.Struct, frozen=True):
    """A drill: when, with which copy, its parts, and when the backup was made."""

    schema: str
    when: str
    copy: str
    parts: tuple[Tried, ...]
    made: str = ""

    @property
    def proves(self) -> datetime:
        """Return the time up to which it shows that anything can be restored."""
        made = datetime.fromisoformat(self.made) if self.made else self.began
        return min(made, self.began)

    @property
    def began(self) -> datetime:
        """Return when it was."""
        return datetime.fromisoformat(self.when)


class Drills(msgspec.Struct, frozen=True):
    """The last drill of each copy, and why records are not believed or not read."""

    last: tuple[Drill, ...] = ()
    refused: tuple[str, ...] = ()


def latest(drills: Iterable[Drill]) -> tuple[Drill, ...]:
    """Return the newest drill of each copy, by the copies' names."""
    found: dict[str, Drill] = {}
    for one in sorted(drills, key=lambda one: one.began):
        found[one.copy] = one
    return tuple(found[name] for name in sorted(found))


def drill(text: str | bytes, path: str) -> Drill:
    """Read a record; raise Unreadable for one that is no drill of that file's copy."""
    found = record(text, path, Drill, SCHEMA, lambda one: (one.made,))
    if not found.parts:
        raise Unreadable(f"{path} is damaged: a drill of nothing")
    name = path.rpartition("/")[2]
    if name not in {OLD, f"{found.copy}.json"}:
        raise Unreadable(f"{path} tells of another copy: {found.copy[:64]}")
    return found


def parse(answer: str) -> Drills:
    """Read a head line of stat's for each record, and the records; none is an answer.

    Only root's own are believed.
    """
    texts, doubts = records(answer)
    found, refused = [], list(doubts)
    for path, text in texts.items():
        try:
            found.append(drill(text, path))
        except Unreadable as error:
            refused.append(str(error))
    return Drills(latest(found), tuple(refused))


BACKUP_DRILL = Source(
    name="backup-drill",
    about="The last rehearsed restore of each copy, as zmward remembered it.",
    question=Snippet(
        f'{listed(OWN, FOLDER)}told "$own/{OLD}" "$own/{FOLDER}"/*.json\n'
    ),
    parse=parse,
)
