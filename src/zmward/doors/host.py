"""The door to a host: programs run there, their output read.

`lines` runs a script of questions and streams what it prints; `run` runs one argv.
Local runs `sh` here; Remote runs it over the system's own ssh, with the
administrator's configuration, keys and jump hosts; Recorded plays back.
"""

import os
import re
import shlex
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol

import msgspec

from zmward.doors.waited import waited
from zmward.errors import Unreachable, Usage

_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:\[\]-]*")
# A host that means harm must not fill the memory of the one who asks.
LONGEST_LINE = 300 << 20
LARGEST = 1 << 30
# A socket's path has 104 bytes on some systems; ssh adds 58 of its own.
_LONGEST_FOLDER = 104 - 58
# The environment variable by which a lock's own commands are known on the host.
LOCK = "ZMWARD_LOCK"


class Done(msgspec.Struct, frozen=True):
    """How a program ended on the host, and what it said."""

    code: int
    out: bytes = b""
    error: bytes = b""

    @property
    def said(self) -> str:
        """Return its complaint in one bounded line, for messages."""
        text = (self.error or self.out).decode("utf-8", "replace")
        return " ".join(text.split())[:500] or f"exit code {self.code}"


class Door(Protocol):
    """A way to run programs on a host, nothing else."""

    @property
    def name(self) -> str:
        """Return how messages name the host."""

    @property
    def streams(self) -> int:
        """Return how many scripts may run side by side."""

    def lines(self, script: str) -> Iterator[bytes]:
        """Run the script and yield what it prints, line by line."""

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        """Run one program with these very arguments and wait for its end."""


def lock_mark() -> tuple[str, ...]:
    """Return what env is told, so that a lock's own commands are known on the host."""
    # Whoever finds a lock without its owner looks for what still works under it.
    return tuple(f"{name}={os.environ[name]}" for name in (LOCK,) if name in os.environ)


def command(argv: Sequence[str], user: str, seconds: int) -> str:
    """Return the line for the host's sh: the one place where words are quoted."""
    words: tuple[str, ...] = tuple(argv)
    quiet = ""
    if user != "root":
        # Zimbra's programs need the environment of its user's login shell. What its
        # files say on the way, a greeting or a warning, is no answer of the program.
        login = ("runuser", "-l", "-c", 'exec "$@" >&3 3>&-', "--", user, "sh")
        words, quiet = (*login, *words), " 3>&1 >/dev/null"
    bounded = (
        "env",
        "LC_ALL=C",
        *lock_mark(),
        "timeout",
        "-k",
        "5",
        str(seconds),
        *words,
    )
    return f"umask 077; cd /; exec {shlex.join(bounded)}{quiet}"


def _waited(
    argv: Sequence[str], given: bytes, seconds: int, name: str, lost: int | None = None
) -> Done:
    """Run a program here; `lost` is the exit code that means: no connection."""
    ended = waited(argv, given, seconds)
    if ended.code == lost:
        said = ended.error[-500:].decode("utf-8", "replace").strip()
        raise Unreachable(f"{name} cannot be reached: {said}")
    return Done(ended.code, ended.out, ended.error)


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
    streams: int = 2

    def lines(self, script: str) -> Iterator[bytes]:
        """Run the script with this host's sh."""
        return _run(("sh", "-s"), script, self.name)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        """Run one program with this host's sh."""
        line = command(argv, user, seconds)
        return _waited(("sh", "-c", line), given, seconds, self.name)


class Recorded(msgspec.Struct, frozen=True):
    """What a collector printed before; nothing is run."""

    name: str
    printed: bytes
    streams: int = 1

    def lines(self, script: str) -> Iterator[bytes]:
        """Yield what was printed, whatever is asked now."""
        del script
        return iter(self.printed.splitlines(keepends=True))

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        """Refuse: what was recorded cannot be changed."""
        del argv, given, user, seconds
        raise Usage(f"{self.name} is a recording: nothing can be run there.")


class Remote(msgspec.Struct, frozen=True):
    """A host that ssh reaches; `options` are further words for ssh."""

    name: str
    options: tuple[str, ...] = ()
    streams: int = 2

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

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        """Run one program with the far host's sh."""
        line = f"exec sh -c {shlex.quote(command(argv, user, seconds))}"
        words = ("ssh", "-T", *self.options, *_ssh_options(), "--", self.name, line)
        return _waited(words, given, seconds, self.name, lost=255)


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
    # A line that died is noticed after a minute, not after hours.
    options = ["ServerAliveInterval=15", "ServerAliveCountMax=4"]
    if folder is not None:
        options += ["ControlMaster=auto", f"ControlPath={folder}/%C"]
        options += ["ControlPersist=60"]
    return tuple(word for option in options for word in ("-o", option))
