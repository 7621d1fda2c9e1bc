"""What the last `zmward backup check` saw of each copy, as it noted it on its host.

The note holds states and times, and nothing of what engines said or where copies are.
"""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from zmward.sources.own_records import OWN, listed, record, records
from zmward.sources.source import Snippet, Source

SCHEMA: Final = "zmward.backup-check/1"
FILE: Final = "check.json"
State = Literal["bad", "unknown", "well"]


class Seen(msgspec.Struct, frozen=True):
    """A copy as it was seen: when its newest backup was made, empty if there is none.

    `states` are the worst state of each aspect; `encrypted` is None where nobody knows.
    """

    name: str
    newest: str = ""
    encrypted: bool | None = None
    states: Mapping[str, State] = {}

    @property
    def age(self) -> State:
        """Return how its age was judged, or why there was none to judge."""
        return self.states.get("age") or self.states.get("place", "unknown")


class Checked(msgspec.Struct, frozen=True):
    """A check: when, and what it saw of each copy; `refused` says why there is none."""

    schema: str = SCHEMA
    when: str = ""
    copies: tuple[Seen, ...] = ()
    refused: tuple[str, ...] = ()


def _newest(found: Checked) -> tuple[str, ...]:
    return tuple(one.newest for one in found.copies)


def parse(answer: str) -> Checked:
    """Read a head line of stat's and the note; only root's own is believed."""
    texts, doubts = records(answer)
    for path, text in texts.items():
        return record(text, path, Checked, SCHEMA, _newest)
    return Checked(refused=doubts)


BACKUP_CHECK = Source(
    name="backup-check",
    about="What the last `zmward backup check` saw of each copy of the backups.",
    question=Snippet(f'{listed(OWN)}told "$own/{FILE}"\n'),
    parse=parse,
)
