"""Backups that are files and folders: what find and du say of a place.

Network Edition's own sessions are folders that bear their begin in GMT, such as
full-20261101.010000.123, and hold a session.xml.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from zmward.backup_places import Copy
from zmward.backups.listing import Backup, Listing, newest_first, undated
from zmward.sources.source import Unreadable

_ENTRY = re.compile(
    rb"(-?[0-9]{1,12})(?:\.[0-9]*)? ([a-zA-Z?]) ([0-9]{1,18}) (.+)", re.DOTALL
)
_USED = re.compile(rb"([0-9]{1,20})\t(.+)", re.DOTALL)
_SESSION = re.compile(r"(full|incr)-([0-9]{8})\.([0-9]{6})\.([0-9]{3})")
_SEALED: Final = (".gpg", ".asc", ".age", ".pgp")
# Half-written files that rsync, restic and others leave under such names.
_UNFINISHED: Final = (
    "*.part",
    "*.partial",
    "*.tmp",
    ".*",
    "lost+found",
    "*.incomplete",
)


class Entry(msgspec.Struct, frozen=True):
    """What lies in a place: time (epoch), kind as find's %y, own bytes, name."""

    modified: int
    kind: str
    size: int
    name: str


def entries(answer: bytes) -> tuple[Entry, ...]:
    r"""Read what find printed as `%T@ %y %s %f\0`; raise Unreadable."""
    found = []
    for row in answer.split(b"\0")[:-1]:
        match = _ENTRY.fullmatch(row)
        if match is None:
            raise Unreadable(f"not an entry of a folder: {row[:60]!r}")
        name = match[4].decode("utf-8", "surrogateescape")
        found.append(Entry(int(match[1]), match[2].decode(), int(match[3]), name))
    if answer and not answer.endswith(b"\0"):
        raise Unreadable("the list of a folder breaks off")
    return tuple(found)


def used(answer: bytes) -> Mapping[str, int]:
    r"""Read what du -0 printed, `bytes\tpath\0`, as name → bytes; raise Unreadable."""
    found = {}
    for row in answer.split(b"\0")[:-1]:
        match = _USED.fullmatch(row)
        if match is None:
            raise Unreadable(f"not a line of du: {row[:60]!r}")
        path = match[2].decode("utf-8", "surrogateescape")
        found[path.rpartition("/")[2]] = int(match[1])
    return found


def _begun(label: re.Match[str]) -> float | None:
    try:
        text = f"{label[2]}{label[3]}+0000"
        return datetime.strptime(text, "%Y%m%d%H%M%S%z").timestamp()
    except ValueError:
        return None


def _sessions(
    found: Iterable[Entry], sizes: Mapping[str, int], finished: frozenset[str]
) -> Iterator[Backup]:
    for entry in found:
        label = _SESSION.fullmatch(entry.name)
        when = _begun(label) if label else None
        if label is None or when is None or entry.kind != "d":
            continue
        yield Backup(
            name=entry.name,
            when=when,
            size=sizes.get(entry.name),
            part=label[1],
            whole=entry.name in finished,
        )


def sessions(
    copy: Copy,
    found: Iterable[Entry],
    sizes: Mapping[str, int],
    finished: Iterable[str],
) -> Listing:
    """Return Network Edition's sessions; `finished` names those with a session.xml."""
    known = list(_sessions(found, sizes, frozenset(finished)))
    return Listing(copy, newest_first(known), encrypted=False)


def _sealed(names: list[str]) -> bool:
    return bool(names) and all(name.endswith(_SEALED) for name in names)


def files(copy: Copy, found: Iterable[Entry], sizes: Mapping[str, int]) -> Listing:
    """Return the files and folders that the copy's pattern matches, as backups.

    Links are no backups: where they lead may be gone with the disk.
    """
    known, names = [], []
    for entry in found:
        if entry.kind not in {"f", "d"} or not fnmatchcase(entry.name, copy.pattern):
            continue
        if any(fnmatchcase(entry.name, unfinished) for unfinished in _UNFINISHED):
            continue
        size = sizes.get(entry.name) if entry.kind == "d" else entry.size
        one = undated(entry.name)
        known.append(Backup(entry.name, float(entry.modified), size, one))
        names.append(entry.name)
    return Listing(copy, newest_first(known), encrypted=_sealed(names))


def store(copy: Copy, newest: int | None, size: int | None) -> Listing:
    """Return a store that grows in place, as one backup of its newest file's time."""
    if newest is None:
        return Listing(copy, encrypted=False)
    one = Backup(name=copy.place, when=float(newest), size=size)
    return Listing(copy, (one,), encrypted=False)
