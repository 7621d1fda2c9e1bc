"""The logs of a far host: its own grep sends the candidate lines, and nothing else.

Each line comes with a sign before it, so that no line of a log can pass for one of
ours. What comes is kept in a folder that is gone afterwards.
"""

import binascii
import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final
from zoneinfo import ZoneInfo

import msgspec

from zmward.catalog.log_attackers import ATTACKERS
from zmward.catalog.log_pattern import Log
from zmward.doors.far_zone import far_zone
from zmward.doors.host import Door
from zmward.doors.log_files import FOLDERS, LogFiles, kind
from zmward.errors import Incomplete, Unreachable
from zmward.logs.candidates import words

# No clock is there yet; a host may say anything.
_FAR: Final = 1e10
_UNPACK: Final = ((".gz", "gzip"), (".xz", "xz"), (".bz2", "bzip2"), (".zst", "zstd"))
_HEAD: Final = """\
LC_ALL=C; export LC_ALL
echo "% works $(printf 'a$b\\n' | grep -aFc -e 'a$b')"
echo '% zone'; base64 /etc/localtime
whole() {
  if [ -n "$2" ]; then "$2" -dc < "$1"; else cat < "$1"; fi 2>/dev/null
}
one() {
  number=$1 path=$2 program=$3; shift 3
  if ! [ -r "$path" ]; then echo "% unread $number"; return; fi
  echo "% file $number"
  whole "$path" "$program" | grep -aF "$@" | sed 's/^/=/'
  count=$({ { whole "$path" "$program" || echo early >&3; } | wc -l; } 3>&1)
  echo "% lines $number" $count
}
"""


class Listed(msgspec.Struct, frozen=True):
    """A log on the far host."""

    path: Path
    log: Log
    written: float


class Far(msgspec.Struct, frozen=True):
    """What came of a far host's logs."""

    files: LogFiles
    paths: tuple[str, ...]
    lines: int
    zone: ZoneInfo


def _listed(door: Door, folders: Sequence[Path], since: float) -> Iterator[Listed]:
    argv = ("find", "-L", *map(str, folders), "-maxdepth", "1", "-type", "f")
    done = door.run((*argv, "-printf", r"%T@ %p\0"))
    for record in done.out.split(b"\0"):
        stamp, _, name = record.partition(b" ")
        try:
            path, written = Path(os.fsdecode(name)), float(stamp)
        except ValueError:
            continue
        log = kind(path)
        if log and since <= written < _FAR and path.parent in folders:
            yield Listed(path, log, written)


def _question(number: int, one: Listed) -> str:
    some = [word.partition(b"\n")[0].decode() for word in words(one.log)]
    if one.log == "nginx-access":
        some += ATTACKERS
    over = any(b"\n" in word for word in words(one.log))
    program = next((p for end, p in _UNPACK if one.path.name.endswith(end)), "")
    argv = ["one", str(number), str(one.path), program, *(["-A1"] if over else [])]
    for word in dict.fromkeys(some):
        argv += ["-e", word]
    return shlex.join(argv)


class _Receiving:
    """Takes what the far host sends, one file after the other."""

    def __init__(self, listed: Sequence[Listed], room: Path) -> None:
        self._listed, self._room = listed, room
        self.files = LogFiles()
        self.lines = 0
        self.works = False
        self._zone: list[bytes] = []
        self._open: IO[bytes] | None = None
        self._seen: list[tuple[Path, Listed]] = []

    def take(self, lines: Iterable[bytes]) -> None:
        """Take all lines."""
        try:
            for line in lines:
                if line.startswith(b"=") and self._open:
                    self._open.write(line[1:])
                elif line.startswith(b"% "):
                    self._told(line.split()[1:])
                else:
                    self._zone.append(line)
        finally:
            self._closed()

    def _told(self, told: Sequence[bytes]) -> None:
        match told:
            case [b"works", count]:
                self.works = count == b"1"
            case [b"file", number]:
                self._begun(self._listed[int(number)])
            case [b"unread", number]:
                path = self._listed[int(number)].path
                self.files.missed(f"{path} cannot be read: Permission denied")
            case [b"lines", number, *early, count]:
                self._closed()
                self.lines += int(count)
                if early:
                    self.files.missed(f"{self._listed[int(number)].path} ends early")

    def _begun(self, one: Listed) -> None:
        self._closed()
        folder = self._room / "-".join(one.path.parent.parts[1:])
        folder.mkdir(exist_ok=True)
        path = folder / f"{len(self._seen):04}-{one.log}"
        self._open = path.open("xb")
        self._seen.append((path, one))

    def _closed(self) -> None:
        if self._open:
            self._open.close()
            self._open = None

    def opened(self) -> None:
        """Open what was kept, with the age that it has on the far host."""
        for path, one in self._seen:
            os.utime(path, (one.written, one.written))
            self.files.open(path, one.log)

    def zone(self) -> ZoneInfo:
        """Return the far host's zone of time."""
        try:
            packed = binascii.a2b_base64(b"".join(self._zone))
            return far_zone(packed)
        except ValueError:
            self.files.missed("the host's zone of time is not known: UTC is assumed")
            return ZoneInfo("UTC")


def fetch(
    door: Door, room: Path, since: float, folders: Sequence[Path] = FOLDERS
) -> Far:
    """Bring the candidate lines of a far host's logs into an empty folder."""
    listed = tuple(_listed(door, folders, since))
    if not listed:
        raise Incomplete(
            f"No log could be read on {door.name}: there is none in "
            f"{' or '.join(map(str, folders))}, or not for this user."
        )
    questions = "\n".join(_question(n, one) for n, one in enumerate(listed))
    receiving = _Receiving(listed, room)
    try:
        receiving.take(door.lines(f"{_HEAD}{questions}\n"))
    except (ValueError, IndexError) as error:
        raise Unreachable(f"{door.name} answers what was not asked.") from error
    if not receiving.works:
        raise Incomplete(f"{door.name} has no grep that takes -a and -F: nothing read.")
    receiving.opened()
    return Far(
        files=receiving.files,
        paths=tuple(f"{door.name}:{one.path}" for one in listed),
        lines=receiving.lines,
        zone=receiving.zone(),
    )
