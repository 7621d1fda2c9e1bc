"""Records that zmward itself keeps on a host: read whole, believed if root's alone."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol, TypeVar

import msgspec

from zmward.sources.source import Unreadable

OWN: Final = "/var/lib/zmward/backups"
INTEGRITY: Final = "/var/lib/zmward/integrity"
_HEAD: Final = re.compile(r"! ([0-7]{3,5}) (\S+) ([a-z ]+) (/.*)")
_OTHERS: Final = 0o022


class Record(Protocol):
    """What each record tells: its own form, and when it was made."""

    @property
    def schema(self) -> str:
        """Return the name of its form, with a version."""
        ...

    @property
    def when(self) -> str:
        """Return when it was made, in ISO 8601 with its zone."""
        ...


R = TypeVar("R", bound=Record)


def listed(folder: str, inner: str = "") -> str:
    """Return the begin of a question: `$own` is the folder, `told FILE…` shows records.

    `inner` is a folder in it that must be seen where it is there.
    """
    more = ""
    if inner:
        more = f'[ ! -e "$own/{inner}" ] || ls -- "$own/{inner}" >/dev/null || return'
    return rf"""
own={folder}
ls -- "$own" >/dev/null || return
{more}
told() {{
    for file in "$@"; do
        if [ -e "$file" ] || [ -L "$file" ]; then
            stat -c '! %a %U %F %n' -- "$file" | tr -d '\001-\011\013-\037'
        fi
    done
    contents "$@"
}}
"""


def believed(mode: int, owner: str, kind: str) -> bool:
    """Say whether nobody but root can have written a record."""
    return owner == "root" and kind == "regular file" and not mode & _OTHERS


def _read(answer: str) -> tuple[dict[str, bool], dict[str, str]]:
    """Return which files are believed, and what those hold that could be read."""
    known: dict[str, bool] = {}
    texts: dict[str, list[str]] = {}
    lost: set[str] = set()
    path = ""
    # A host ends a line in one way, Python in ten: any other could forge a record.
    for line in re.split(r"\r?\n", answer.removesuffix("\n")) if answer else ():
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
            raise Unreadable("not the records that zmward keeps")
    return known, {p: "\n".join(t) for p, t in texts.items() if p not in lost}


def records(answer: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what the believed files hold, by path, and why others are no records."""
    known, texts = _read(answer)
    found: dict[str, str] = {}
    doubts = []
    for path in sorted(known.keys() | texts.keys()):
        if not known.get(path):
            text = f"{path} can be written by others than root: it is not believed"
            doubts.append(text)
        elif path not in texts:
            doubts.append(f"{path} could not be read whole")
        else:
            found[path] = texts[path]
    return found, tuple(doubts)


def record(
    text: str | bytes,
    path: str,
    kind: type[R],
    schema: str,
    others: Callable[[R], Iterable[str]],
) -> R:
    """Read a record; raise Unreadable for damage, another form, a time of no zone.

    `others` gives its other times; those that are empty are not known.
    """
    try:
        found = msgspec.json.decode(text, type=kind)
        texts = (found.when, *(time for time in others(found) if time))
        times = [datetime.fromisoformat(text) for text in texts]
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(f"{path} is damaged: {error}") from error
    if found.schema != schema:
        raise Unreadable(f"{path} is of another version: {found.schema[:40]}")
    if any(time.tzinfo is None for time in times):
        raise Unreadable(f"{path} is damaged: a time without its zone")
    return found
