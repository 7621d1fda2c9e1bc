"""Where the last drill is remembered on its host: one file that only root can write."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from zmward.backups.rehearsal import Rehearsal
from zmward.doors.files import look, read_bytes
from zmward.doors.host import Door
from zmward.engine.own_store import put
from zmward.engine.state import root
from zmward.errors import Refused, ZmwardError
from zmward.sources.backup_drill import SCHEMA

_OTHERS: Final = 0o022
_LARGEST: Final = 1 << 20


def path() -> str:
    """Return the path of the record."""
    return f"{root()}/backups/drill.json"


def last(door: Door) -> tuple[Rehearsal | None, str]:
    """Return the last drill, or None and why there is none to believe."""
    where = path()
    try:
        node = look(door, where)
        if node is None:
            return None, ""
        if node.kind != "regular file" or node.mode.owner != "root":
            return None, f"{where} is no file of root's: it is not believed"
        if node.mode.mode & _OTHERS:
            return None, f"{where} can be written by others: it is not believed"
        content = read_bytes(door, where)
    except ZmwardError as error:
        return None, f"{where} could not be read: {error}"
    return decoded(content, where)


def keep(record: Rehearsal) -> None:
    """Remember a drill on this host, in place of the one before."""
    where = Path(path())
    content = msgspec.json.format(msgspec.json.encode(record)) + b"\n"
    try:
        for folder in (where.parent.parent, where.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                raise Refused(f"{folder} is no folder of ours: no drill is kept there.")
            folder.chmod(0o700)
        put(where, content)
    except OSError as error:
        raise Refused(f"{where} cannot be written: {error.strerror}.") from error


def decoded(content: bytes, where: str) -> tuple[Rehearsal | None, str]:
    """Return the drill that a record tells of, or None and what is wrong with it."""
    if len(content) > _LARGEST:
        return None, f"{where} is larger than any record"
    try:
        found = msgspec.json.decode(content, type=Rehearsal)
        found.backup_days(datetime.now(UTC))
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        return None, f"{where} is damaged: {error}"
    if found.schema != SCHEMA:
        return None, f"{where} is of another version: {found.schema}"
    return found, ""
