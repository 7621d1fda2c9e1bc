"""The last rehearsed restore, as `zmward backup drill` remembered it on the host."""

import re
from datetime import datetime
from typing import Final, Literal

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

SCHEMA: Final = "zmward.drill/1"
_HEAD: Final = re.compile(r"> ([0-7]{3,5}) (\S+) (.+)")
_OTHERS: Final = 0o022
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


def parse(answer: str) -> Drill:
    """Read a head line of stat's and the record; only root's own is believed."""
    first, _, text = answer.partition("\n")
    head = _HEAD.fullmatch(first)
    if head is None:
        raise Unreadable("backup drill: not the record of a drill")
    plain = head[2] == "root" and head[3] == "regular file"
    if not plain or int(head[1], 8) & _OTHERS:
        raise Unreadable("backup drill: others can write the record: not believed")
    try:
        found = msgspec.json.decode(text, type=Drill)
        zoned = found.proves.tzinfo is not None
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise Unreadable(f"backup drill: the record is damaged: {error}") from error
    if found.schema != SCHEMA or not zoned or not found.parts:
        raise Unreadable("backup drill: the record is of another version")
    return found


BACKUP_DRILL = Source(
    name="backup-drill",
    about="The last rehearsed restore, as zmward remembered it.",
    question=Snippet(
        r"""
file=/var/lib/zmward/backups/drill.json
stat -c '> %a %U %F' -- "$file" || return
content "$file"
"""
    ),
    parse=parse,
)
