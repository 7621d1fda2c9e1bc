"""The door to a host: one program run there, its output read line by line.

Local runs `sh` here; Remote runs it over the system's own ssh, with the
administrator's configuration, keys and jump hosts; Recorded plays back.
"""

import os
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import msgspec

from zmward.errors import Unreachable, Usage

_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:\[\]-]*")
# A host that means harm must not fill the memory of the one who asks.
LONGEST_LINE = 300 << 20
LARGEST = 1 << 30
# A socket's path has 104 bytes on some systems; ssh adds 58 of its own.
_LONGEST_FOLDER = 104 - 58


class Door(Protocol):
    """A way to run one shell script on a host, nothing else."""

    @property
    def name(self) -> str:
        """Return how messages name the host."""

    def lines(self, script: str) -> Iterator[bytes]:
        """Run the script and yield what it prints, line by line."""


def _fed(script: str) -> IO[bytes]:
    """Return the script as a file without a name, to be a standard input."""
    holder = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    holder.write(script.encode())
    holder.seek(0)
    return holder


def _bounded(printed: IO[bytes], name: str) -> Iterator[bytes]:
    """Yield lines, and refuse what no server has to say."""
    total = 0
    while line := printed.readline(LONGEST_LINE):
        total += len(line)
        if len(line) == LONGEST_LINE or total > LARGEST:
            raise Unreachable(f"{name} says more than any server has to say: stopped.")
        yield line


def _run(argv: tuple[str, ...], script: str, name: str) -> Iterator[bytes]:
    with _fed(script) as fed, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                argv,
                stdin=fed,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError as error:
            raise Unreachable(f"{argv[0]} is not installed here.") from error
        if process.stdout is None:
            raise Unreachable(f"{name}: no output to read.")
        try:
            yield from _bounded(process.stdout, name)
            code = process.wait()
        finally:
            process.stdout.close()
            if process.poll() is None:
                process.terminate()
                process.wait()
        if code:
            errors.seek(0)
            said = errors.read(2000).decode("utf-8", "replace").strip()
            raise Unreachable(f"{name} could not be asked (exit code {code}): {said}")


class Local(msgspec.Struct, frozen=True):
    """The host on which zmward runs."""

    name: str = "this host"

    def lines(self, script: str) -> Iterator[bytes]:
        """Run the script with this host's sh."""
        return _run(("sh", "-s"), script, self.name)


class Recorded(msgspec.Struct, frozen=True):
    """What a collector printed before; nothing is run."""

    name: str
    printed: bytes

    def lines(self, script: str) -> Iterator[bytes]:
        """Yield what was printed, whatever is asked now."""
        del script
        return iter(self.printed.splitlines(keepends=True))


class Remote(msgspec.Struct, frozen=True):
    """A host that ssh reaches; `options` are further words for ssh."""

    name: str
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a name that ssh would take for an option."""
        if not _TARGET.fullmatch(self.name):
            raise Usage(
                f"{self.name!r} is not a host for ssh: write USER@HOST, "
                "or a name from your ssh configuration."
            )

    def lines(self, script: str) -> Iterator[bytes]:
        """Run the script with the far host's sh, one round trip for all of it."""
        argv = ("ssh", "-T", *_ssh_options(), *self.options, "--", self.name)
        return _run((*argv, "exec sh -s"), script, self.name)


def _own(folder: Path) -> bool:
    """Say whether a folder is ours alone: whoever owns the socket is the far host."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return mine and not found.st_mode & 0o077


def _sockets() -> Path | None:
    """Return a folder for ssh's socket that no other user can reach, or None."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    places = [Path(runtime) / "zmward"] if runtime and _own(Path(runtime)) else []
    places.append(Path(tempfile.gettempdir()) / f"zmward-{os.getuid()}")
    for place in places:
        if len(os.fsencode(place)) > _LONGEST_FOLDER:
            continue
        try:
            place.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            continue
        if _own(place):
            return place
    return None


def _ssh_options() -> tuple[str, ...]:
    """Return what makes further questions cheap; the site's configuration rules."""
    folder = _sockets()
    if folder is None:
        return ()
    options = ("ControlMaster=auto", f"ControlPath={folder}/%C", "ControlPersist=60")
    return tuple(word for option in options for word in ("-o", option))
