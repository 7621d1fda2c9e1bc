"""The site's page that `zmward config document` wrote last, and the newest snapshot."""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

SCHEMA: Final = "zmward.page/1"
_HEAD: Final = re.compile(r"> ([0-7]{3,5}) (\S+) (.+)")
_OTHERS: Final = 0o022
# A line of git's own diary of a branch: who moved it, when, and why.
_MOVED: Final = re.compile(r"[0-9a-f ]{81,129} .*> ([0-9]{1,11}) [+-][0-9]{4}\t.*")
_RECORD: Final = 2


class Page(msgspec.Struct, frozen=True):
    """A page that was written: of when its evidence is, where it lies, what it lacks.

    `when` is in ISO 8601; `left_out` names blocks that are not in it.
    """

    schema: str
    when: str
    path: str
    left_out: tuple[str, ...] = ()

    @property
    def seen(self) -> datetime:
        """Return when the servers were seen of which it tells."""
        return datetime.fromisoformat(self.when)


class Documented(msgspec.Struct, frozen=True):
    """The last page, and when the newest snapshot was added; None without one."""

    page: Page
    snapshot: datetime | None = None


def _believed(head: str, what: str) -> None:
    found = _HEAD.fullmatch(head)
    if found is None:
        raise Unreadable(f"configuration page: no {what}")
    plain = found[2] == "root" and found[3] == "regular file"
    if not plain or int(found[1], 8) & _OTHERS:
        raise Unreadable(
            f"configuration page: others can write the {what}: not believed"
        )


def _page(text: str) -> Page:
    try:
        found = msgspec.json.decode(text, type=Page)
        zoned = found.seen.tzinfo is not None
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(
            f"configuration page: the record is damaged: {error}"
        ) from error
    if found.schema != SCHEMA or not zoned:
        raise Unreadable("configuration page: the record is of another version")
    return found


def _snapshot(lines: list[str]) -> datetime | None:
    """Return when the branch was moved last, as git's diary of it says."""
    if not lines:
        return None
    _believed(lines[0], "history")
    moved = _MOVED.fullmatch(lines[-1])
    if moved is None:
        raise Unreadable("configuration page: the history is no diary of git's")
    return datetime.fromtimestamp(int(moved[1]), UTC)


def parse(answer: str) -> Documented:
    """Read the record and the end of git's diary; only root's own are believed."""
    lines = [line for line in answer.split("\n") if line]
    _believed(lines[0] if lines else "", "record")
    return Documented(_page("".join(lines[1:_RECORD])), _snapshot(lines[_RECORD:]))


CONFIGURATION_PAGE: Final = Source(
    name="configuration-page",
    about="The page that `zmward config document` wrote last, and the newest snapshot.",
    question=Snippet(
        r"""
file=/var/lib/zmward/document/written.json
diary=/var/lib/zmward/config.git/logs/refs/heads/main
stat -c '> %a %U %F' -- "$file" || return
content "$file" || return
[ -s "$diary" ] || return 0
printf '\n'
stat -c '> %a %U %F' -- "$diary" || return
tail -c 512 -- "$diary" | tail -n 1
"""
    ),
    parse=parse,
)
