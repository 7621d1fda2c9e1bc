"""Immutable and append-only bits: taken off for one change, then put back.

Each is written down first, so that a rollback puts back what a run that died took off:

lifted BITS PATH      about to be taken off
lowered BITS PATH     put back
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath

from zmward.change import (
    Change,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    WriteFile,
)
from zmward.doors.files import look, must, read_bytes
from zmward.doors.host import Door
from zmward.doors.local_settings import PATH
from zmward.engine.state import Run
from zmward.errors import Fault

_ROW = re.compile(r"([A-Za-z-]+) +(/.*)")
_LINE = re.compile(r"(lifted|lowered) ([ia]{1,2}) (/.*)")
_ABSENT = (126, 127)
_CRON = ("/var/spool/cron/crontabs", "/var/spool/cron")
_POSTFIX = "/opt/zimbra/common/conf/main.cf"
_UNITS = "/etc/systemd/system"


def _with_folder(path: str) -> tuple[str, str]:
    return path, str(PurePosixPath(path).parent)


def places(change: Change) -> tuple[str, ...]:
    """Return the paths whose bits can forbid a change."""
    found: tuple[str, ...] = ()
    match change:
        case WriteFile(path=path):
            found = _with_folder(path)
        case SetMode(path=path):
            found = (path,)
        case SetLocalConfig():
            found = _with_folder(PATH)
        case SetParameter():
            found = _with_folder(_POSTFIX)
        case SetCrontab(user=user):
            found = tuple(p for folder in _CRON for p in (f"{folder}/{user}", folder))
        case SetUnit():
            found = (_UNITS,)
        case _:
            pass
    return found


def _bits(door: Door, paths: tuple[str, ...]) -> dict[str, str] | None:
    """Return the bits of paths that have any; None where nobody can tell."""
    done = door.run(("lsattr", "-d", "--", *paths))
    if done.code in _ABSENT:
        return None
    # A path that is not there, or a file system without bits, has none.
    rows = map(_ROW.fullmatch, done.out.decode("utf-8", "replace").splitlines())
    found = {row[2]: "".join(c for c in "ia" if c in row[1]) for row in rows if row}
    return {path: bits for path, bits in found.items() if bits}


def _note(door: Door, run: Run, word: str, bits: str, path: str) -> None:
    out = ("dd", f"of={run.flags}", "oflag=append", "conv=notrunc,fsync")
    line = f"{word} {bits} {path}\n".encode()
    must(door.run((*out, "status=none"), given=line), "journal", run.flags)


def _lift(door: Door, run: Run, path: str, bits: str) -> None:
    _note(door, run, "lifted", bits, path)
    done = door.run(("chattr", f"-{bits}", "--", path))
    if done.code:
        text = f"its bits ({bits}) forbid changes and cannot be taken off: {done.said}"
        raise Fault("immutable", text, path)


def lower(door: Door, run: Run, found: Mapping[str, str]) -> None:
    """Put bits back on what is there."""
    for path, bits in found.items():
        node = look(door, path)
        if node is None or node.kind == "symbolic link":
            continue
        must(door.run(("chattr", f"+{bits}", "--", path)), "chattr", path)
        _note(door, run, "lowered", bits, path)


def outstanding(door: Door, run: Run) -> dict[str, str]:
    """Return what was taken off and not put back."""
    if look(door, run.flags) is None:
        return {}
    counted: Counter[tuple[str, str]] = Counter()
    for line in read_bytes(door, run.flags).decode("utf-8", "replace").splitlines():
        row = _LINE.fullmatch(line)
        if row:
            counted[row[3], row[2]] += 1 if row[1] == "lifted" else -1
    return {path: bits for (path, bits), left in counted.items() if left > 0}


@contextmanager
def lifted(door: Door, run: Run, change: Change) -> Iterator[None]:
    """Take off the bits that forbid a change while it is made."""
    paths = places(change)
    found = _bits(door, paths) if paths else {}
    try:
        for path, bits in (found or {}).items():
            _lift(door, run, path, bits)
        yield
    except Fault as error:
        if found is None and "Operation not permitted" in error.text:
            text = (
                f"{error.text}; it may be immutable, which nobody can see here: "
                "lsattr and chattr (package e2fsprogs) are not installed"
            )
            raise Fault("immutable", text, error.where) from error
        raise
    finally:
        lower(door, run, found or {})
