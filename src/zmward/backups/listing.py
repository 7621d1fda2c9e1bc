"""What a place of backups holds, as far as it could be asked."""

import re
from typing import Final, Literal

import msgspec

from zmward.backup_places import Copy

State = Literal["bad", "unknown", "well"]
STATES: Final[tuple[State, ...]] = ("bad", "unknown", "well")
Aspect = Literal[
    "place",
    "age",
    "size",
    "gaps",
    "retention",
    "encryption",
    "off-site",
    "key",
    "snapshots",
    "drill",
]
_DIGITS = re.compile(r"[0-9]+")


class Found(msgspec.Struct, frozen=True):
    """One thing about the backups; `copy` is empty where it is about all of them."""

    copy: str
    aspect: Aspect
    state: State
    text: str
    step: str = ""


class Backup(msgspec.Struct, frozen=True):
    """One backup: when it was made (epoch), its bytes where known.

    Backups of one `series` follow each other; sizes are compared within a `part` of it.
    `whole` is false for one that its maker did not finish, None where nobody knows.
    `pieces` are the snapshots or archives that it consists of, where they are several.
    """

    name: str
    when: float
    size: int | None = None
    series: str = ""
    part: str = ""
    whole: bool | None = None
    pieces: tuple[str, ...] = ()


class Trouble(msgspec.Struct, frozen=True):
    """Why a place could not be judged, or what is wrong with the place itself."""

    state: State
    aspect: Aspect
    text: str
    step: str = ""


class Listing(msgspec.Struct, frozen=True):
    """All backups of one copy, the newest first, or why there is no list.

    `encrypted` is None where nobody knows; `open_to` names who else reads the place,
    and is None where nobody looked.
    """

    copy: Copy
    backups: tuple[Backup, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    encrypted: bool | None = None
    open_to: str | None = None

    @property
    def known(self) -> bool:
        """Say whether the place was listed at all."""
        return not any(trouble.aspect == "place" for trouble in self.troubles)


def shown(text: str) -> str:
    """Return a text with each byte that was no UTF-8 as an escape: JSON holds none."""
    raw = text.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace")


def undated(name: str) -> str:
    """Return a name without its numbers: dated names of one series are alike."""
    return _DIGITS.sub("#", name)


def newest_first(backups: list[Backup]) -> tuple[Backup, ...]:
    """Return backups in the order of their age; equally old ones by name."""
    return tuple(sorted(backups, key=lambda one: (-one.when, one.name)))
