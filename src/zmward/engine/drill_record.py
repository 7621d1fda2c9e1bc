"""Where the last drill is remembered on its host: one file that only root can write."""

from typing import Final

import msgspec

from zmward.backups.rehearsal import SCHEMA, Rehearsal
from zmward.doors.files import look, read_bytes
from zmward.doors.host import Door
from zmward.engine.state import root
from zmward.errors import ZmwardError

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


def decoded(content: bytes, where: str) -> tuple[Rehearsal | None, str]:
    """Return the drill that a record tells of, or None and what is wrong with it."""
    if len(content) > _LARGEST:
        return None, f"{where} is larger than any record"
    try:
        found = msgspec.json.decode(content, type=Rehearsal)
    except (msgspec.DecodeError, ValueError) as error:
        return None, f"{where} is damaged: {error}"
    if found.schema != SCHEMA:
        return None, f"{where} is of another version: {found.schema}"
    return found, ""
