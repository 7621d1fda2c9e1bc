"""Where the sample server waits between two verbs: one file of the user's own."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from zmward.cli import own_folder
from zmward.demo.sample import Sample, recorded
from zmward.demo.world import World, first
from zmward.errors import Refused, Usage
from zmward.evidence import Evidence, encode
from zmward.finding import digest


class _Stored(msgspec.Struct, frozen=True):
    """A world, and the hash of the evidence that it began as."""

    evidence: str
    world: World


def folder() -> Path:
    """Return the folder of the sample's state; ZMWARD_DEMO names another one."""
    own = os.environ.get("ZMWARD_DEMO")
    if own:
        return Path(own).absolute()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser().absolute() / "zmward" / "demo"


def _load(path: Path, evidence: Evidence) -> World:
    """Return the world as it was left; that of other evidence begins anew."""
    try:
        with os.fdopen(own_folder.opened(path, os.O_RDONLY), "rb") as file:
            stored = msgspec.msgpack.decode(file.read(), type=_Stored)
    except FileNotFoundError:
        return first(evidence)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Refused(f"{path} is damaged: remove it to begin anew.") from error
    same = stored.evidence == digest(encode(evidence))
    return stored.world if same else first(evidence)


def _save(path: Path, evidence: Evidence, world: World) -> None:
    content = msgspec.msgpack.encode(_Stored(digest(encode(evidence)), world))
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".world.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(name).replace(path)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Let one verb at a time work on the sample, in a folder of our own."""
    own_folder.ours(place)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        own_folder.ours(place)
        descriptor = own_folder.opened(place / "lock", os.O_CREAT | os.O_RDWR)
    except OSError as error:
        raise Usage(
            f"{place} cannot be used for the sample server: {error.strerror}. "
            "ZMWARD_DEMO=FOLDER names another place."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Refused("Another run of zmward works on the sample server.") from error
    finally:
        os.close(descriptor)


@contextmanager
def opened() -> Iterator[Sample]:
    """Give the sample server as it was left, and keep it as it then is."""
    place, evidence = folder(), recorded()
    with _alone(place):
        path = place / "world"
        sample = Sample(evidence, _load(path, evidence), time.time)
        sample.switches()
        try:
            yield sample
        finally:
            _save(path, evidence, sample.world)


def looked(*, quiet: bool) -> Evidence:
    """Return what an audit of the sample server sees now; say where it was changed."""
    if not os.path.lexists(folder() / "world"):
        return recorded()
    with opened() as sample:
        count = len(sample.changes)
        if count and not quiet:
            click.echo(
                f"zmward: the sample server as it was left, with {count} changes; "
                f"remove {folder()} to begin anew",
                err=True,
            )
        return sample.seen()
