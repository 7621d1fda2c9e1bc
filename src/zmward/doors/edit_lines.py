"""The lines of a host's audit logs that tell of admin writes."""

import binascii
from collections.abc import Sequence
from datetime import tzinfo
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from zmward.doors.far_zone import far_zone
from zmward.doors.host import Door
from zmward.errors import Incomplete

_SECONDS: Final = 300


class Lines(msgspec.Struct, frozen=True):
    """Lines of writes, the first line of each file, the host's zone, what is unread.

    `zone` is None where it is not known.
    """

    lines: tuple[bytes, ...]
    firsts: tuple[bytes, ...]
    zone: tzinfo | None
    files: int = 0
    unread: int = 0


@cache
def _script() -> str:
    return (files("zmward.doors") / "edit_lines.sh").read_text("utf-8")


def _zone(packed: Sequence[bytes]) -> tzinfo | None:
    try:
        return far_zone(binascii.a2b_base64(b"".join(packed)))
    except ValueError:
        return None


def edit_lines(door: Door, paths: Sequence[str] = ()) -> Lines:
    """Ask a host for them; without paths, of its own audit logs."""
    argv = ("sh", "-c", _script(), "zmward", *paths)
    out = door.run(argv, seconds=_SECONDS).out
    rows = out.split(b"\n")
    if b"% end" not in rows[-2:]:
        raise Incomplete(f"{door.name} did not show its audit logs to the end.")
    marks: dict[bytes, list[bytes]] = {b"=": [], b"^": []}
    zone: list[bytes] = []
    for row in rows:
        if row[:1] in marks:
            marks[row[:1]].append(row[1:])
        elif not row.startswith(b"% "):
            zone.append(row)
    return Lines(
        lines=tuple(marks[b"="]),
        firsts=tuple(marks[b"^"]),
        zone=_zone(zone),
        files=rows.count(b"% file"),
        unread=rows.count(b"% unread"),
    )
