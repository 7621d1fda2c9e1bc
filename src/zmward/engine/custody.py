"""Keeps what a hunt found: copies with modes and times in a tar, and who took them.

The copies are taken without following anything, from the folders that are open; times
of reading stay as they were where the system allows it. The tar is new, private, and
its digest is printed, to be written down.
"""

import getpass
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from zmward.doors.hunted import opened
from zmward.doors.tree import enter
from zmward.engine.integrity import Place
from zmward.errors import BadFile
from zmward.integrity.names import named, shown

# A larger file is noted with its properties and the digest of its begin.
MOST: Final = 256 << 20
_NOTE: Final = "custody.json"


class Kept(msgspec.Struct, frozen=True):
    """A tar of evidence: its path, its digest, and how many files it holds."""

    path: str
    digest: str
    files: int


class _Digested(io.RawIOBase):
    """A file whose bytes are summed up while they are written."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb")
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.digest.update(content)
        return self._file.write(content)

    def close(self) -> None:
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        super().close()


def _moment(nanoseconds: int) -> str:
    """Return a time in ISO 8601; one past all calendars as its seconds since 1970."""
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"@{nanoseconds // 10**9}"


def _properties(found: os.stat_result) -> dict[str, Any]:
    return {
        "size": found.st_size,
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
        "uid": found.st_uid,
        "gid": found.st_gid,
        "inode": found.st_ino,
        "links": found.st_nlink,
        "written": _moment(found.st_mtime_ns),
        "status_changed": _moment(found.st_ctime_ns),
        "read": _moment(found.st_atime_ns),
    }


class _Read(io.RawIOBase):
    """An open file that is summed up while it is read, and never longer than said."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = os.read(self._descriptor, size if size >= 0 else 1 << 20)
        # A file that was cut meanwhile is filled up: a tar has to be whole.
        block = block.ljust(size, b"\0") if size > 0 else block
        self.digest.update(block)
        return block


def _kept(tar: tarfile.TarFile, root: int, path: str) -> dict[str, Any]:
    """Put a copy of one file into the tar, and return what to note of it."""
    real = named(path)
    above, _, name = real.rpartition("/")
    row: dict[str, Any] = {"path": path}
    try:
        folder = enter(root, above)
    except OSError as error:
        return row | {"not_kept": error.strerror}
    try:
        file = opened(folder, name)
    except OSError as error:
        os.close(folder)
        return row | {"not_kept": error.strerror}
    try:
        found = os.fstat(file)
        row |= _properties(found)
        if found.st_size > MOST:
            return row | {"not_kept": f"larger than {MOST >> 20} MiB"}
        member = tarfile.TarInfo(f"files{real}")
        member.size, member.mtime = found.st_size, int(found.st_mtime)
        member.mode = stat.S_IMODE(found.st_mode)
        member.uid, member.gid = found.st_uid, found.st_gid
        source = _Read(file)
        tar.addfile(member, source)
        return row | {"sha256": source.digest.hexdigest(), "member": shown(member.name)}
    finally:
        os.close(file)
        os.close(folder)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def keep(
    place: Place, folder: Path, paths: Iterable[str], now: datetime, version: str
) -> Kept:
    """Write a new tar with what lies at the paths; return it with its digest."""
    host = place.host()
    safe = "".join(c if c.isalnum() or c in "-." else "_" for c in host.name) or "host"
    path = folder / f"zmward-evidence-{safe}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600
        )
        with (
            _Digested(descriptor) as file,
            tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            rows = [_kept(tar, place.opened, one) for one in sorted(set(paths))]
            note = {
                "schema": "zmward.custody/1",
                "host": host.name,
                "machine": host.machine,
                "root": place.root,
                "taken": now.astimezone(UTC).isoformat(),
                "by": _who(),
                "zmward": version,
                "files": rows,
            }
            content = msgspec.json.format(msgspec.json.encode(note)) + b"\n"
            member = tarfile.TarInfo(_NOTE)
            member.size, member.mode = len(content), 0o600
            member.mtime = int(now.timestamp())
            tar.addfile(member, io.BytesIO(content))
        digest = file.digest.hexdigest()
    except OSError as error:
        raise BadFile(f"{path} cannot be written: {error.strerror}.") from error
    return Kept(str(path), digest, sum(1 for row in rows if "member" in row))
