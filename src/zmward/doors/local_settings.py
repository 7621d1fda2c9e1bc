"""Zimbra's localconfig.xml on a host: read as a file, changed by zmlocalconfig."""

from collections.abc import Mapping

from zmward.change import Mode
from zmward.doors.files import (
    fail,
    look,
    must,
    read_mode,
    read_plain,
    replace_bytes,
    set_mode,
)
from zmward.doors.host import Door
from zmward.errors import Fault, Refused
from zmward.sources.localconfig import parse
from zmward.sources.source import Unreadable

PATH = "/opt/zimbra/conf/localconfig.xml"
_PROGRAM = "/opt/zimbra/bin/zmlocalconfig"


def own_values(content: bytes) -> Mapping[str, str]:
    """Return the keys that the file sets."""
    try:
        return parse(content.decode()).own
    except (Unreadable, UnicodeDecodeError) as error:
        raise Refused(f"{PATH} cannot be read: {error}.") from error


def read_settings(door: Door) -> bytes:
    """Return the bytes of the file; it holds every password of the server."""
    node = look(door, PATH)
    if node is None or not node.kind.startswith("regular"):
        raise Refused(f"{PATH} is not a plain file: this is no Zimbra that we know.")
    return read_plain(door, PATH)


def write_setting(door: Door, key: str, value: str | None) -> None:
    """Set or unset one key, as user zimbra, and keep the file's mode and owners."""
    mode = read_mode(door, PATH)
    edit = ("-u", key) if value is None else ("-e", f"{key}={value}")
    done = door.run((_PROGRAM, *edit), user="zimbra", seconds=120)
    if done.code:
        fail(done, "zmlocalconfig", key)
    if mode is not None and read_mode(door, PATH) != mode:
        set_mode(door, PATH, mode)
    if own_values(read_settings(door)).get(key) != value:
        raise Fault("zmlocalconfig", "the value is not in the file afterwards", key)


def restore_settings(door: Door, content: bytes, mode: Mode, token: str) -> None:
    """Put the very bytes back, with their mode and owners."""
    replace_bytes(door, PATH, content, mode, token=token)
    must(door.run(("cmp", "-s", "--", PATH, "-"), given=content), "restore", PATH)
