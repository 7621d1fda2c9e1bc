"""Where a host keeps what zmward did there: one folder a run, private to root."""

import hashlib
import os
import re
import secrets
from datetime import datetime

import msgspec

from zmward.doors.files import look, must, read_bytes
from zmward.doors.host import Door
from zmward.errors import Fault, Refused, Usage

_RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}")


def root() -> str:
    """Return where the state lies on the host; ZMWARD_STATE moves it, for tests."""
    return os.environ.get("ZMWARD_STATE", "/var/lib/zmward")


def digest(content: bytes) -> str:
    """Return the name of a content in the store."""
    return hashlib.sha256(content).hexdigest()


class Run(msgspec.Struct, frozen=True):
    """One run on one host, by its id."""

    id: str
    base: str

    @property
    def folder(self) -> str:
        """Return the folder of the run."""
        return f"{self.base}/runs/{self.id}"

    @property
    def journal(self) -> str:
        """Return the path of the journal."""
        return f"{self.folder}/journal"

    @property
    def plan(self) -> str:
        """Return the path of the plan as it was applied."""
        return f"{self.folder}/plan.json"

    @property
    def script(self) -> str:
        """Return the path of the rollback as a shell script."""
        return f"{self.folder}/rollback.sh"

    @property
    def fired(self) -> str:
        """Return the path of what the script leaves when it has run."""
        return f"{self.folder}/fired"

    @property
    def flags(self) -> str:
        """Return the path of the bits that were taken off and put back."""
        return f"{self.folder}/flags"

    def stored(self, name: str) -> str:
        """Return the path of a content in the store."""
        return f"{self.folder}/store/{name}"


def new(now: datetime) -> Run:
    """Return a run that does not exist yet."""
    return Run(f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}", root())


def known(name: str) -> Run:
    """Return a run by the id that a person typed."""
    if not _RUN.fullmatch(name):
        raise Usage(f"{name!r} is no run: `zmward history` lists them.")
    return Run(name, root())


def _private(door: Door, folder: str) -> None:
    must(door.run(("mkdir", "-p", "-m", "0700", "--", folder)), "mkdir", folder)
    node = look(door, folder)
    if node is None or node.kind != "directory" or node.mode.owner != "root":
        raise Refused(f"{folder} is no folder of root's: no state can be kept there.")
    if node.mode.mode & 0o077:
        must(door.run(("chmod", "0700", "--", folder)), "chmod", folder)


def open_base(door: Door) -> str:
    """Make the state's folder, private to root, and return it."""
    base = root()
    _private(door, base)
    _private(door, f"{base}/runs")
    return base


def put(door: Door, path: str, content: bytes, mode: str = "0600") -> None:
    """Write a new file of a run, synced; it is not there before."""
    out = ("dd", f"of={path}", "conv=excl,fsync", "status=none")
    done = door.run(out, given=content)
    if done.code:
        raise Refused(f"{path} cannot be written: {done.said}")
    if mode != "0600":
        must(door.run(("chmod", mode, "--", path)), "chmod", path)


def keep(door: Door, run: Run, content: bytes) -> str:
    """Keep a content in the run's store and return its name."""
    name = digest(content)
    if look(door, run.stored(name)) is None:
        put(door, run.stored(name), content)
    return name


def kept(door: Door, run: Run, name: str) -> bytes:
    """Return a content of the store, whole."""
    content = read_bytes(door, run.stored(name))
    if digest(content) != name:
        raise Fault("store", "the old content is damaged", run.stored(name))
    return content


def archive() -> str:
    """Return where runs lie that were put aside without being taken back."""
    return f"{root()}/archive"


def runs(door: Door, base: str = "") -> tuple[Run, ...]:
    """Return all runs of the host, oldest first."""
    base = base or root()
    if look(door, f"{base}/runs") is None:
        return ()
    listed = must(door.run(("ls", "-1", "--", f"{base}/runs")), "ls", base)
    names = sorted(listed.out.decode("utf-8", "replace").split())
    return tuple(Run(name, base) for name in names if _RUN.fullmatch(name))


def forget(door: Door, run: Run) -> None:
    """Remove what is kept of a run, its old contents too."""
    must(door.run(("rm", "-rf", "--", run.folder)), "remove", run.folder)
