"""Where the last drill of each copy is remembered: files of root's on its host."""

import os
import stat
from pathlib import Path
from typing import Final

import msgspec

from zmward.backups.rehearsal import Rehearsal
from zmward.doors.files import look, must, read_bytes
from zmward.doors.host import Door
from zmward.engine.own_store import put
from zmward.engine.state import root
from zmward.errors import Refused, ZmwardError
from zmward.sources.backup_drill import (
    FOLDER,
    OLD,
    Drill,
    Drills,
    drill,
    latest,
)
from zmward.sources.own_records import believed
from zmward.sources.source import Unreadable

_LARGEST: Final = 1 << 20
_LISTED: Final = ("-mindepth", "1", "-maxdepth", "1", "-name", "*.json", "-print0")


def path(copy: str) -> str:
    """Return the path of a copy's record."""
    return f"{root()}/backups/{FOLDER}/{copy}.json"


def _old() -> str:
    return f"{root()}/backups/{OLD}"


def _paths(door: Door) -> tuple[str, ...]:
    folder = f"{root()}/backups/{FOLDER}"
    if look(door, folder) is None:
        return (_old(),)
    done = must(door.run(("find", folder, *_LISTED)), "find", folder)
    rows = done.out.decode("utf-8", "surrogateescape").split("\0")
    return (_old(), *sorted(row for row in rows if row))


def _read(door: Door, where: str) -> Drill | str:
    """Return a record, or why it is none to believe; empty where there is none."""
    try:
        node = look(door, where)
        if node is None:
            return ""
        if not believed(node.mode.mode, node.mode.owner, node.kind):
            return f"{where} can be written by others than root: it is not believed"
        content = read_bytes(door, where)
    except ZmwardError as error:
        return f"{where} could not be read: {error}"
    if len(content) > _LARGEST:
        return f"{where} is larger than any record"
    try:
        return drill(content, where)
    except Unreadable as error:
        return str(error)


def last(door: Door) -> Drills:
    """Return the last drill of each copy, and which records are not believed."""
    try:
        read = [_read(door, where) for where in _paths(door)]
    except ZmwardError as error:
        return Drills(refused=(str(error),))
    found = [one for one in read if isinstance(one, Drill)]
    refused = tuple(one for one in read if isinstance(one, str) and one)
    return Drills(latest(found), refused)


def keep(record: Rehearsal) -> None:
    """Remember a drill on this host, in place of the one before of the same copy."""
    where = Path(path(record.copy))
    put_record(where, msgspec.json.encode(record))
    try:
        _replace_old(record.copy)
    except OSError as error:
        raise Refused(f"{_old()} cannot be removed: {error.strerror}.") from error


def put_record(where: Path, content: bytes) -> None:
    """Put a record, as indented JSON, into folders that are ours alone."""
    own = Path(root())
    above = [own, *(f for f in reversed(where.parents) if f.is_relative_to(own))]
    try:
        for folder in dict.fromkeys(above):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise Refused(
                    f"{folder} is no folder of ours: no record is kept there."
                )
            folder.chmod(0o700)
        put(where, msgspec.json.format(content) + b"\n")
    except OSError as error:
        raise Refused(f"{where} cannot be written: {error.strerror}.") from error


def _replace_old(copy: str) -> None:
    """Remove the one record of earlier versions if it is of this copy, or of none."""
    where = Path(_old())
    try:
        if drill(where.read_bytes(), str(where)).copy != copy:
            return
    except FileNotFoundError:
        return
    except Unreadable:
        # It tells nothing, and would be a doubt for ever.
        pass
    where.unlink()
