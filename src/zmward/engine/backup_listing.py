"""Asks each place of backups what it holds; nothing is written, nothing is locked."""

from collections.abc import Callable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from msgspec.structs import replace

from zmward.backup_places import Backups, Copy
from zmward.backups import folder, repository
from zmward.backups.judged import judged
from zmward.backups.listing import Found, Listing, Trouble
from zmward.backups.whole import together
from zmward.doors import backup_engines as engines
from zmward.doors.host import Done, Door
from zmward.engine.drill_record import last
from zmward.errors import Fault, Refused
from zmward.i18n import mark
from zmward.profile import Profile
from zmward.sources.source import Unreadable

Report = Callable[[int, int, str], None]
USUAL: Final = "/opt/zimbra/backup"
_SECONDS: Final = 120
_LONG: Final = 600
_WEEK: Final = 604_800
# Each size of an old snapshot costs restic a walk through its trees.
_SIZED: Final = 6
_LISTED: Final = ("-mindepth", "1", "-maxdepth", "1", "-printf", r"%T@ %y %s %f\0")
_WORDS: Final = "{archive}{time}{hostname}{comment}{NL}"
# Who may only enter a folder reads what he knows the name of.
_READABLE: Final = ((0o005, "everybody"), (0o050, "its group"))
_TIMED_OUT: Final = frozenset({124, 137})


def usual(door: Door) -> tuple[Copy, ...]:
    """Return the places where Zimbra itself keeps backups, as far as there are any."""
    places = (("ne-sessions", f"{USUAL}/sessions"), ("ng-store", f"{USUAL}/zextras"))
    return tuple(
        Copy(name=kind, kind=kind, place=path)  # type: ignore[arg-type]  # two of its words
        for kind, path in places
        if not door.run(("test", "-d", path)).code
    )


def _failed(done: Done, place: str) -> Trouble:
    if done.code in _TIMED_OUT:
        text, step = f"{place} gave no answer in time", mark("is a mount hanging?")
        return Trouble("unknown", "place", text, step)
    if b"No such file" in done.error:
        step = mark("see whether its disk is mounted")
        return Trouble("bad", "place", f"{place} is not there", step)
    step = mark("run it as root on the host that has the place")
    return Trouble("unknown", "place", f"{place}: {done.said}", step)


def _open_to(door: Door, place: str) -> str | None:
    """Return who else reads a place, nobody as an empty text; None if not known."""
    done = door.run(("stat", "-L", "-c", "%a", "--", place))
    try:
        mode = int(done.out, 8)
    except ValueError:
        return None
    return next((who for bit, who in _READABLE if mode & bit), "")


def _sizes(door: Door, place: str, entries: Sequence[folder.Entry]) -> dict[str, int]:
    """Return what folders hold; one that cannot be counted in time has no size."""
    found: dict[str, int] = {}
    for entry in entries:
        if entry.kind != "d":
            continue
        path = f"{place.rstrip('/')}/{entry.name}"
        asked = ("du", "-s", "-x", "-0", "--apparent-size", "-B1", "--", path)
        done = door.run(asked, seconds=_SECONDS)
        # A file that went away, or may not be read, makes the sum too small.
        if not done.code:
            found.update(folder.used(done.out))
    return found


def _folder(door: Door, copy: Copy) -> Listing:
    place = f"{copy.place.rstrip('/')}/"
    done = door.run(("find", place, *_LISTED), seconds=_SECONDS)
    if done.code:
        return Listing(copy, troubles=(_failed(done, copy.place),))
    entries = folder.entries(done.out)
    if copy.kind == "ne-sessions":
        shape = ("-mindepth", "2", "-maxdepth", "2", "-name", "session.xml")
        asked = door.run(("find", place, *shape, "-size", "+0", "-printf", r"%h\0"))
        rows = asked.out.decode("utf-8", "surrogateescape").split("\0")
        finished = [row.rpartition("/")[2] for row in rows if row]
        listing = folder.sessions(copy, entries, _sizes(door, place, entries), finished)
    else:
        meant = [e for e in entries if fnmatchcase(e.name, copy.pattern)]
        listing = folder.files(copy, entries, _sizes(door, place, meant))
    return _with_reader(door, listing)


def _with_reader(door: Door, listing: Listing) -> Listing:
    return replace(listing, open_to=_open_to(door, listing.copy.place))


def _store(door: Door, copy: Copy) -> Listing:
    place = f"{copy.place.rstrip('/')}/"
    newest = (
        "find",
        place,
        "-type",
        "f",
        "-mmin",
        f"-{_WEEK // 60}",
        "-printf",
        r"%T@\n",
    )
    done = door.run(newest, seconds=_LONG)
    if done.code:
        return Listing(copy, troubles=(_failed(done, copy.place),))
    times = [float(word) for word in done.out.split()]
    latest = int(max(times)) if times else None
    if latest is None:
        # Nothing within a week: the folder's own time says how long it rests at least,
        # since whatever is taken out of it makes that new.
        rests = door.run(("stat", "-c", "%Y", "--", place))
        clock = door.run(("date", "+%s"))
        ages = [int(one.out) for one in (rests, clock) if one.out.strip().isdigit()]
        latest = min(ages[0], ages[1] - _WEEK) if len(ages) > 1 else None
    used = door.run(("du", "-s", "-x", "-0", "-B1", "--", place), seconds=_LONG)
    sizes = folder.used(used.out) if not used.code else {}
    return _with_reader(door, folder.store(copy, latest, sizes.get("")))


def _restic(door: Door, copy: Copy) -> Listing:
    quiet = ("--no-lock", "--no-cache", "--json")
    done = engines.ask(door, copy, *quiet, "snapshots")
    if done.code:
        return Listing(copy, troubles=(engines.trouble(done, copy),))
    found = repository.snapshots(done.out)
    sizes: dict[str, int] = {}
    bare = repository.of_restic(copy, found, {}).backups
    for backup in [b for b in bare if b.size is None][:_SIZED]:
        asked = (*quiet, "stats", "--mode", "restore-size", backup.name)
        done = engines.ask(door, copy, *asked)
        size = repository.restored(done.out) if not done.code else None
        if size is not None:
            sizes[backup.name] = size
    return repository.of_restic(copy, found, sizes)


def _borg(door: Door, copy: Copy) -> Listing:
    quiet = ("--bypass-lock",)
    shown = ("list", *quiet, "--json", "--format", _WORDS, copy.place)
    done = engines.ask(door, copy, *shown)
    if done.code:
        return Listing(copy, troubles=(engines.trouble(done, copy),))
    found = repository.archives(done.out)
    last = ("info", *quiet, "--json", "--last", str(_SIZED), copy.place)
    done = engines.ask(door, copy, *last) if found.archives else done
    detailed = (
        repository.archives(done.out) if found.archives and not done.code else None
    )
    listing = repository.of_borg(copy, found, detailed)
    local = copy.place.startswith("/")
    return _with_reader(door, listing) if local else listing


_ASKED: Final[dict[str, Callable[[Door, Copy], Listing]]] = {
    "ne-sessions": _folder,
    "folder": _folder,
    "ng-store": _store,
    "restic": _restic,
    "borg": _borg,
}


def listed(door: Door, copy: Copy) -> Listing:
    """Return what one copy holds; whatever hinders that is in the listing."""
    wrong = engines.secrets(door, copy)
    if wrong is not None:
        return Listing(copy, troubles=(wrong,))
    try:
        return _ASKED[copy.kind](door, copy)
    except (Unreadable, Fault, Refused) as error:
        step = mark("ask it by hand")
        return Listing(copy, troubles=(Trouble("unknown", "place", str(error), step),))


def probed(door: Door, copy: Copy) -> tuple[Trouble | None, bool | None]:
    """Return why a repository cannot be used, and whether it is encrypted."""
    wrong = engines.secrets(door, copy)
    if wrong is not None:
        return wrong, None
    words: tuple[str, ...] = ("--no-lock", "cat", "config")
    if copy.kind == "borg":
        words = ("info", "--bypass-lock", "--json", copy.place)
    done = engines.ask(door, copy, *words)
    if done.code:
        return engines.trouble(done, copy), None
    if copy.kind == "restic":
        return None, True
    return None, repository.sealed(repository.archives(done.out))


def all_listed(door: Door, site: Backups, moved: Report) -> tuple[Listing, ...]:
    """Ask every place that the profile names, or those that are usual."""
    copies = site.copy or usual(door)
    found = []
    for number, copy in enumerate(copies):
        moved(number, len(copies), copy.name)
        found.append(listed(door, copy))
    return tuple(found)


def looked(
    door: Door, site: Profile, now: datetime, moved: Report
) -> tuple[tuple[Listing, ...], tuple[Found, ...]]:
    """Return every copy, and all that is to say about them."""
    listings = all_listed(door, site.backups, moved)
    hours = site.thresholds.backup_hours
    found = tuple(one for each in listings for one in judged(each, now, hours))
    if not listings:
        text = "the profile names no backups, and Zimbra's own places hold none"
        step = mark("name them in the profile: [[backups.copy]]")
        found = (Found("", "place", "unknown", text, step),)
    return listings, (*found, *together(site, listings, found, last(door), now))
