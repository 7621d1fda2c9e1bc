"""Which accounts have no archive, and which archives no account: by their names."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from zmward.backups.chosen import owner

# Scripts put the day, or day and time, before or behind a name.
_DAY: Final = r"[0-9]{4}[-_.]?[0-9]{2}[-_.]?[0-9]{2}([-_.T][0-9]{2,6}){0,3}"
_DATED = re.compile(rf"^{_DAY}[-_.]|[-_.]{_DAY}$")
_NAMED: Final = 3


class Account(msgspec.Struct, frozen=True):
    """An account by its name and its other addresses.

    `here` says that an archive is wanted: its mailbox is on this server, it is older
    than the backup, and it is somebody's.
    """

    name: str
    others: tuple[str, ...] = ()
    here: bool = True


class Coverage(msgspec.Struct, frozen=True):
    """Accounts without an archive, archives without an account, by name.

    `known` is false where no archive bears the name of any account.
    """

    lacking: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    known: bool = True


def _owner(path: str) -> str:
    return _DATED.sub("", owner(path)).lower()


def coverage(
    paths: Iterable[str], accounts: Iterable[Account], spared: Iterable[str] = ()
) -> Coverage:
    """Compare archives with accounts; `spared` are known to have nothing in them."""
    archived = {_owner(path) for path in paths}
    empty = {_owner(path) for path in spared}
    every, lacking = set[str](), []
    for account in accounts:
        names = {name.lower() for name in (account.name, *account.others)}
        every |= names
        if account.here and not names & (archived | empty):
            lacking.append(account.name)
    if not archived & every:
        return Coverage(known=False)
    return Coverage(tuple(sorted(lacking)), tuple(sorted(archived - every)))


def listed(names: Sequence[str]) -> str:
    """Return some names and how many more there are."""
    shown = ", ".join(name[-80:] for name in names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
