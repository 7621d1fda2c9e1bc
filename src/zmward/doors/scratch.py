"""A folder to try restores in, and programs that run there and nowhere else.

What a backup holds may mean harm, so programs that read it run under a number that is
nobody's, without rights, without a network, and die with us. A sweeper of its own
session removes the folder whenever we end, be it by SIGKILL.
"""

import math
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, Final, Self

from zmward.errors import Incomplete, Refused
from zmward.i18n import mark

# systemd gives these numbers to users that exist while a service runs.
_NUMBERS: Final = range(61184, 65520)
_FORBIDDEN: Final = Path("/opt/zimbra")
_TRIES: Final = 200
_GRACE: Final = 20
# A socket's path has 108 bytes.
_LONGEST: Final = 60
# What a backup makes a program do must not take the host's memory or its processes;
# memory that a file backs, as LMDB's, does not count.
_BOUNDS: Final = (*("prlimit", "--core=0", f"--data={2 << 30}", "--nproc=200", "--"),)
# What must stay free while programs run, looked at so often: one statement of a dump
# can make a server write without end.
_SPARE: Final = 128 << 20
_LOOKS: Final = 0.05
PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT: Final = {"PATH": PATH, "LC_ALL": "C", "HOME": "/"}


def _foreign(place: Path) -> str:
    """Say why a folder is not root's alone, or not to be entered; empty if it is."""
    for folder in (place, *place.parents):
        found = folder.lstat()
        shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if found.st_uid != 0:
            return f"{folder} is not root's"
        if shared and not found.st_mode & stat.S_ISVTX:
            return f"{folder} can be written by others"
        if not found.st_mode & stat.S_IXOTH:
            return f"{folder} cannot be entered by a user without rights"
    return ""


def _settled(base: str) -> Path:
    try:
        place = Path(base).resolve(strict=True)
        home = _FORBIDDEN.resolve()
        if place.is_relative_to(home) or place.is_relative_to(_FORBIDDEN):
            raise Refused(
                f"{base} lies within {_FORBIDDEN}: nothing is restored there."
            )
        said = _foreign(place) if place.is_dir() else f"{place} is no folder"
    except OSError as error:
        raise Refused(f"{base} is no place to restore in: {error.strerror}.") from error
    if said:
        raise Refused(f"{base} is no place to restore in: {said}.")
    if len(os.fsencode(place)) > _LONGEST:
        raise Refused(f"{base} is too long a path for sockets: name a shorter one.")
    return place


def _as(user: int) -> tuple[str, ...]:
    """Return the words by which a program is a user's, without any right."""
    own = str(user)
    return (
        *("setpriv", "--reuid", own, "--regid", own, "--clear-groups"),
        *("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"),
    )


def _used() -> set[int]:
    found = {entry.pw_uid for entry in pwd.getpwall()}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found.add(process.stat().st_uid)
    return found


def _number() -> int:
    used = _used()
    for _ in range(_TRIES):
        number = secrets.choice(_NUMBERS)
        if number not in used:
            return number
    raise Incomplete("There is no free user number to restore with.")


@cache
def _sweeping() -> str:
    return (files("zmward.doors") / "sweep_scratch.sh").read_text("utf-8")


@cache
def _without_network() -> tuple[str, ...]:
    """Return the words that take the network away, where the kernel lets us."""
    words = ("unshare", "--net", "--")
    with suppress(OSError):
        done = subprocess.run(
            (*words, "true"), capture_output=True, check=False, env=_ENVIRONMENT
        )
        return words if not done.returncode else ()
    return ()


# Makes a folder the only one that can be written to: $1 is the folder, then come the
# places that are shut, an empty word, and the program. The host's own mounts stay as
# they are, as this is done in a namespace of the program's.
_SHUT: Final = """
place=$1
shift
mount --make-rprivate / && mount --bind -- "$place" "$place" || exit 126
while [ -n "$1" ]; do
    mount -o remount,bind,ro -- "$1" 2>/dev/null
    shift
done
shift
cd -- "$PWD" && exec "$@"
"""
# Filesystems of this host itself, on which anybody may have a folder.
_LOCAL: Final = frozenset(
    (
        *("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs"),
        *("tmpfs", "devtmpfs", "overlay"),
    )
)
# What a dump could make programs do where the kernel refuses to shut them in.
_NETWORK: Final = mark(
    "The throw-away servers were not shut in: the system refuses to take the network "
    "from them, so that what the backup holds could have reached it."
)
_PLACES: Final = mark(
    "The throw-away servers were not shut in: the system refuses them mounts of their "
    "own, so that what the backup holds could have written wherever everybody may."
)
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def _writable() -> tuple[str, ...]:
    """Return where local filesystems are mounted that can be written to."""
    found = []
    for line in (
        Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").split("\n")
    ):
        words = line.split(" ")
        if len(words) > 3 and words[2] in _LOCAL and "rw" in words[3].split(","):  # noqa: PLR2004  # fstab's columns
            found.append(_OCTAL.sub(lambda m: chr(int(m[1], 8)), words[1]))
    return tuple(dict.fromkeys(found))


def _shut(folder: Path) -> tuple[str, ...]:
    """Return the words that let a program write nowhere else, where that can be had."""
    own = ("unshare", "--mount", "--", "sh", "-c", _SHUT, "zmward", str(folder))
    words = (*own, *_writable(), "")
    asked = (*words, "sh", "-c", 'test -w "$1" && ! test -w /', "sh", str(folder))
    with suppress(OSError):
        done = subprocess.run(
            asked, capture_output=True, check=False, env=_ENVIRONMENT, cwd="/"
        )
        return words if not done.returncode else ()
    return ()


class Scratch:
    """One folder, one user number, and the programs that were started with it."""

    def __init__(self, base: str) -> None:
        if os.geteuid():
            raise Refused("A drill needs root: backups are root's to read.")
        place = _settled(base)
        self.user = _number()
        self.folder = Path(tempfile.mkdtemp(prefix="zmward-drill-", dir=place))
        self._programs: list[subprocess.Popen[bytes]] = []
        words = ("sh", "-c", _sweeping(), "zmward", str(self.folder), str(self.user))
        self._sweeper = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=_ENVIRONMENT,
        )
        os.chown(self.folder, 0, self.user)
        self.folder.chmod(0o710)
        self._cage = _shut(self.folder)
        self.full = self.stalled = False
        self._until = math.inf
        self._over = threading.Event()
        self._guard = threading.Thread(target=self._watched, daemon=True)
        self._guard.start()

    def _watched(self) -> None:
        """Kill every program once the disk is full but for a rest, or time is over."""
        while not self._over.wait(_LOOKS):
            if self._programs and self.free < _SPARE:
                self.full = True
                self._left()
            elif time.monotonic() > self._until:
                self.stalled = True
                self._left()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Kill every program if what is done meanwhile takes longer: then `stalled`."""
        self._until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = math.inf

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_raised: object) -> None:
        """End every program, and remove the folder."""
        self.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """Return in what programs that ran here were not shut in, a sentence each."""
        if not self._programs:
            return ()
        network = () if _without_network() else (_NETWORK,)
        return (*network, *(() if self._cage else (_PLACES,)))

    @property
    def free(self) -> int:
        """Return how many bytes are free there."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def room(self, name: str) -> Path:
        """Make a folder in it that the programs may write to."""
        place = self.folder / name
        place.mkdir(mode=0o700)
        os.chown(place, self.user, self.user)
        return place

    def words(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Return the argument list that runs a program without any right."""
        return (
            *_without_network(),
            *self._cage,
            *_BOUNDS,
            *(*_as(self.user), "--pdeathsig", "KILL", "--"),
            *argv,
        )

    def start(
        self,
        argv: Sequence[str],
        *,
        place: Path,
        given: int | IO[bytes] = subprocess.DEVNULL,
        out: int | IO[bytes] = subprocess.DEVNULL,
        error: int | IO[bytes] = subprocess.PIPE,
    ) -> subprocess.Popen[bytes]:
        """Start a program there; it ends with the scratch, or with us."""
        self.stalled = False
        program = subprocess.Popen(
            self.words(argv),
            stdin=given,
            stdout=out,
            stderr=error,
            cwd=place,
            start_new_session=True,
            env={**_ENVIRONMENT, "HOME": str(place), "TMPDIR": str(place)},
            umask=0o077,
        )
        self._programs.append(program)
        return program

    def end(self, program: subprocess.Popen[bytes]) -> int:
        """End a program, in peace if it goes in time, and return its exit code."""
        if program.poll() is None:
            program.terminate()
            try:
                program.wait(_GRACE)
            except subprocess.TimeoutExpired:
                program.kill()
        code = program.wait()
        for pipe in (program.stdin, program.stdout, program.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        return code

    def _left(self) -> None:
        """Kill what our number still runs: a program may have left others behind.

        The kernel does it in one go: one by one, who forks without end gets away.
        """
        words = (*_as(self.user), "--", "sh", "-c", "kill -9 -1")
        subprocess.run(words, capture_output=True, check=False, env=_ENVIRONMENT)

    def close(self) -> None:
        """End every program, and remove the folder."""
        self._over.set()
        self._guard.join()
        for program in reversed(self._programs):
            if program.poll() is None:
                program.kill()
            self.end(program)
        self._left()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._sweeper.stdin is not None:
            self._sweeper.stdin.close()
        self._sweeper.wait()


def program(*places: str) -> str:
    """Return the first of some programs that anybody may run; empty for none.

    Plain names are looked for in the system's folders.
    """
    for place in places:
        found = place if "/" in place else shutil.which(place, path=PATH)
        if not found:
            continue
        with suppress(OSError):
            if Path(found).stat().st_mode & stat.S_IXOTH:
                return found
    return ""
