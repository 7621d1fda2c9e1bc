"""Several text files of a host, read as user zimbra in one round trip."""

import binascii
from collections.abc import Iterable, Mapping
from importlib.resources import files

from zmward.doors.files import must
from zmward.doors.host import Door
from zmward.handmade.losses import HOME, Text

_LARGEST = 4 << 20
_WHY = {
    "strange": "it is no plain file",
    "closed": "user zimbra may not read it",
}


def _script() -> str:
    return (files("zmward.engine") / "read_texts.sh").read_text("utf-8")


def _text(kind: str, lines: list[bytes]) -> Text:
    if kind in _WHY:
        return Text(why=_WHY[kind])
    if kind == "absent":
        return Text()
    try:
        content = binascii.a2b_base64(b"".join(lines), strict_mode=True)
    except binascii.Error:
        return Text(why="it did not come over whole")
    if len(content) > _LARGEST:
        return Text(why="it is larger than any such file")
    return Text(content.decode("utf-8", "surrogateescape"))


def read_texts(door: Door, paths: Iterable[str]) -> Mapping[str, Text]:
    """Return what is under paths below Zimbra's home, all in one round trip."""
    asked = tuple(paths)
    whole = tuple(f"{HOME}/{path}" for path in asked)
    argv = ("sh", "-c", _script(), "zmward", "texts", str(_LARGEST + 1), *whole)
    done = must(door.run(argv, user="zimbra", seconds=120), "read", HOME)
    parts: dict[str, tuple[str, list[bytes]]] = {}
    lines: list[bytes] = []
    for line in done.out.splitlines():
        number, space, kind = line.partition(b" ")
        if space and number.isdigit() and 0 < int(number) <= len(asked):
            lines = []
            parts[asked[int(number) - 1]] = (kind.decode("ascii", "replace"), lines)
        else:
            lines.append(line)
    return {path: _text(*found) for path, found in parts.items()}
