"""Where the history lies, and what the verbs of `zmward config` look at."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from zmward.cli import own_folder
from zmward.cli.audit import stored
from zmward.cli.main import own_version
from zmward.cli.options import door
from zmward.cli.progress import progress
from zmward.configuration.asked import TEMPLATES, ZIMLETS
from zmward.doors.host import Door
from zmward.engine.audit import require_zimbra
from zmward.engine.collect import collect
from zmward.engine.configuration_key import key
from zmward.engine.configuration_store import Store
from zmward.engine.fingerprints import sealed
from zmward.engine.state import root
from zmward.errors import Refused, Usage
from zmward.evidence import Evidence, merge
from zmward.sources.registry import sources, usual
from zmward.sources.source import Source


def folder(given: str | None) -> Path:
    """Return the repository's folder: the one given, or the site's own."""
    return Path(given or f"{root()}/config.git").absolute()


def key_file(given: str | None) -> Path:
    """Return the file of the key: the one given, or beside the site's repository."""
    return Path(given or f"{root()}/config.key").absolute()


def store(given: str | None) -> Store:
    """Return the repository, in which nobody but us and root has a hand."""
    place = folder(given)
    own_folder.ours(place)
    return Store(place)


def opened(given: str | None) -> Store:
    """Return a repository that is there already."""
    found = store(given)
    if not found.exists:
        raise Usage(
            f"{found.folder} holds no history: make the first snapshot with "
            "`zmward config snapshot`, or name its folder with --repository."
        )
    return found


def seal(repository: Store, given: str | None) -> bytes:
    """Return the key of the fingerprints.

    A repository that has snapshots needs the very key that they were made with.
    """
    path = key_file(given)
    own_folder.ours(path.parent)
    if repository.exists and repository.head() and not path.exists():
        raise Refused(
            f"{path} is gone, the key with which the snapshots of {repository.folder} "
            "were made: every secret would look changed. Put it back, name it with "
            "--key, or begin a new history with --repository."
        )
    return key(path, repository.folder)


def _collected(
    options: Mapping[str, Any], wanted: Iterable[Source[Any]]
) -> tuple[Door, Evidence]:
    way = door(options["host"])
    silent = bool(options["quiet"]) or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        found = collect(way, wanted, own_version(), moved)
    require_zimbra(found)
    return way, found


def _asked(
    options: Mapping[str, Any], secret: Callable[[], bytes], *, plan: bool
) -> Evidence:
    known = sources().values() if plan else usual()
    way, found = _collected(options, (*known, ZIMLETS, TEMPLATES))
    return sealed(way, found, secret(), own_version())


def _recorded(options: Mapping[str, Any]) -> Evidence | None:
    """Return what the options name that is no live host; None where they name one."""
    paths, sample = tuple(options["paths"]), bool(options["sample"])
    if sum((sample, bool(paths), bool(options["host"]))) > 1:
        raise Usage("--demo, --evidence and --host name different servers: take one.")
    if sample:
        from zmward.cli.sample import looked

        return looked(quiet=bool(options["quiet"]))
    if not paths:
        return None
    found = merge(stored(Path(path)) for path in paths)
    require_zimbra(found)
    return found


def looked_at(options: Mapping[str, Any]) -> Evidence:
    """Return what the options name, without any fingerprint of a secret."""
    found = _recorded(options)
    return found if found is not None else _collected(options, usual())[1]


def seen(
    options: Mapping[str, Any], secret: Callable[[], bytes], *, plan: bool = False
) -> Evidence:
    """Return what the options name: a host, recorded evidence, or the sample server.

    `secret` gives the key; it is asked for only once a host has answered.
    `plan` asks for what only a plan needs, too.
    """
    found = _recorded(options)
    return found if found is not None else _asked(options, secret, plan=plan)
