"""The last rehearsed restore of each copy, as `zmward backup drill` remembered it."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Literal

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

SCHEMA: Final = "zmward.drill/1"
OWN: Final = "/var/lib/zmward/backups"
# Before each copy had a file of its own, there was one of the last drill of all.
OLD: Final = "drill.json"
FOLDER: Final = "drills"
_HEAD: Final = re.compile(r"! ([0-7]{3,5}) (\S+) ([a-z ]+) (/.*)")
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


def believed(mode: int, owner: str, kind: str) -> bool:
    """Say whether nobody but root can have written a record."""
    return owner == "root" and kind == "regular file" and not mode & _OTHERS


def drill(text: str | bytes, path: str) -> Drill:
    """Read a record; raise Unreadable for one that is no drill of that file's copy."""
    try:
        found = msgspec.json.decode(text, type=Drill)
        zoned = found.proves.tzinfo is not None
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise Unreadable(f"{path} is damaged: {error}") from error
    if found.schema != SCHEMA or not zoned or not found.parts:
        raise Unreadable(f"{path} is of another version: {found.schema[:40]}")
    name = path.rpartition("/")[2]
    if name not in {OLD, f"{found.copy}.json"}:
        raise Unreadable(f"{path} tells of another copy: {found.copy[:64]}")
    return found


def _read(answer: str) -> tuple[dict[str, bool], dict[str, str]]:
    """Return which files are believed, and what those hold that could be read."""
    known: dict[str, bool] = {}
    texts: dict[str, list[str]] = {}
    lost: set[str] = set()
    path = ""
    for line in answer.splitlines():
        sign, rest = line[:2], line[2:]
        if head := _HEAD.fullmatch(line):
            known[head[4]] = believed(int(head[1], 8), head[2], head[3])
        elif sign == "> ":
            path = rest
            texts[path] = []
        elif sign == "x ":
            lost.add(rest)
        elif line.startswith(" ") and path:
            texts[path].append(line[1:])
        else:
            raise Unreadable("backup drill: not the records of drills")
    return known, {p: "\n".join(t) for p, t in texts.items() if p not in lost}


def _doubts(answer: str, found: list[Drill]) -> Iterator[str]:
    known, texts = _read(answer)
    for path in sorted(known.keys() | texts.keys()):
        if not known.get(path):
            yield f"{path} can be written by others than root: it is not believed"
        elif path not in texts:
            yield f"{path} could not be read whole"
        else:
            try:
                found.append(drill(texts[path], path))
            except Unreadable as error:
                yield str(error)


def parse(answer: str) -> Drills:
    """Read a head line of stat's for each record, and the records; none is an answer.

    Only root's own are believed.
    """
    found: list[Drill] = []
    refused = tuple(_doubts(answer, found))
    return Drills(latest(found), refused)


BACKUP_DRILL = Source(
    name="backup-drill",
    about="The last rehearsed restore of each copy, as zmward remembered it.",
    question=Snippet(
        r"""
own=/var/lib/zmward/backups
ls -- "$own" >/dev/null || return
if [ -e "$own/drills" ]; then
    ls -- "$own/drills" >/dev/null || return
fi
for file in "$own/drill.json" "$own"/drills/*.json; do
    if [ -e "$file" ] || [ -L "$file" ]; then
        stat -c '! %a %U %F %n' -- "$file" | tr -d '\001-\011\013-\037'
    fi
done
contents "$own/drill.json" "$own"/drills/*.json
"""
    ),
    parse=parse,
)
