"""Which files of a backup are restored in a drill: by their names, the newest first."""

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final, Protocol, TypeVar
from urllib.parse import unquote

import msgspec

from zmward.backup_places import Backups
from zmward.backups.listing import Backup, Listing

_INCREMENTAL: Final = "incr"
# Who keeps single files has as many backups as files; older ones are not needed.
_MOST: Final = 5000
# Dumps of one night, and not of the night before.
_TOGETHER: Final = 43_200


class File(Protocol):
    """A file within a backup."""

    @property
    def path(self) -> str:
        """Return its path there."""

    @property
    def size(self) -> int:
        """Return its bytes."""

    @property
    def made(self) -> float:
        """Return when its backup was made."""

    @property
    def written(self) -> float:
        """Return when it was itself written."""


F = TypeVar("F", bound=File)


class Choice(msgspec.Struct, frozen=True):
    """The names that the profile gives, and what the command line narrows."""

    ldap: tuple[str, ...]
    ldap_config: tuple[str, ...]
    mariadb: tuple[str, ...]
    account: tuple[str, ...]
    only_account: str = "*"


def choice(site: Backups, account: str) -> Choice:
    """Return the names by which files are found."""
    return Choice(
        site.ldap, site.ldap_config, site.mariadb, site.account, account or "*"
    )


def named(path: str, patterns: Iterable[str]) -> bool:
    """Say whether a path matches, by its last part or, with a slash, as a whole."""
    name = path.rpartition("/")[2]
    return any(
        fnmatchcase(path.lstrip("/") if "/" in pattern else name, pattern)
        for pattern in patterns
    )


def newest(listing: Listing) -> tuple[Backup, ...]:
    """Return the backups that a restore would begin with: the newest of each series.

    Incremental sessions restore nothing by themselves, and are left out.
    """
    found: dict[str, Backup] = {}
    for one in listing.backups:
        if one.whole is not False and one.part != _INCREMENTAL:
            found.setdefault(one.series, one)
    return tuple(found.values())[:_MOST]


def first(files: Sequence[F], patterns: Iterable[str]) -> F | None:
    """Return the newest file of some names; of equally new ones the largest.

    A backup may hold the dumps of several days, of which the last one counts.
    """
    wanted = tuple(patterns)
    meant = [file for file in files if named(file.path, wanted)]
    latest = max((file.made for file in meant), default=0.0)
    meant = [file for file in meant if file.made == latest]
    last = max((file.written for file in meant), default=0.0)
    same = [file for file in meant if last - file.written <= _TOGETHER]
    return max(same, key=lambda file: file.size, default=None)


def accounts(files: Sequence[F], choice_: Choice) -> list[F]:
    """Return the archives of accounts, one of which is opened."""
    # A run of one account alone leaves older ones of the same name in other series.
    newest_: dict[str, F] = {}
    for file in sorted(files, key=lambda file: file.made):
        if named(file.path, choice_.account):
            newest_[file.path] = file
    meant = list(newest_.values())
    latest = max((file.made for file in meant), default=0.0)
    # Of accounts that are files by themselves, each has a time of its own.
    return [file for file in meant if latest - file.made <= 7 * 86_400]


def one_account(
    files: Sequence[F], choice_: Choice, pick: Callable[[Sequence[F]], F]
) -> F | None:
    """Return the account to open: that of the command line, or any."""
    meant = [
        file for file in files if fnmatchcase(owner(file.path), choice_.only_account)
    ]
    return pick(meant) if meant else None


def owner(path: str) -> str:
    """Return whose archive a path is, by its name."""
    name = path.rpartition("/")[2]
    return unquote(name.rpartition(".")[0].removeprefix("account-"))
