"""What came of a comparison, and what an accepted baseline is made of."""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from zmward.catalog.installation import Class, place_of
from zmward.integrity.compare import Compared, Difference
from zmward.integrity.manifest import Header
from zmward.integrity.names import named
from zmward.integrity.node import Node
from zmward.integrity.shipped import Database
from zmward.integrity.verdicts import Judged, standing

Missed = tuple[str, str]


class Checked(msgspec.Struct, frozen=True):
    """One comparison with the newest baseline.

    `missed` are places with the reason why they were not seen, `read` counts contents
    that were read, and `quick` says that others were believed by their properties.
    """

    header: Header
    head: str
    judged: tuple[Judged, ...]
    missed: tuple[Missed, ...] = ()
    read: int = 0
    quick: bool = False
    trouble: str = ""

    @property
    def alarms(self) -> tuple[Judged, ...]:
        """Return what nothing explains."""
        return tuple(one for one in self.judged if one.cause == "alarm")

    @property
    def code(self) -> int:
        """Return the exit code: 3 where not all was seen, 1 for an alarm, else 0."""
        return 3 if self.missed else 1 if self.alarms else 0


class AsShipped(msgspec.Struct, frozen=True):
    """How files stand to their packages: code that differs, and what the site edits.

    `proved` counts files that are as shipped, `unowned` code of no package, and
    `silent` are packages whose code could not be compared, with the reason.
    """

    suspects: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    proved: int = 0
    unowned: int = 0
    silent: tuple[Missed, ...] = ()


class Made(msgspec.Struct, frozen=True):
    """A baseline that was made: how it stands to packages, and what was not seen.

    `forgotten` says why it could not be kept beside the key, empty where it was.
    """

    header: Header
    head: str
    public: str
    shipped: AsShipped
    missed: tuple[Missed, ...]
    forgotten: str = ""

    @property
    def code(self) -> int:
        """Return the exit code: 3 where not all was seen, 1 for a suspect, else 0."""
        return 3 if self.missed else 1 if self.shipped.suspects else 0


def below(path: str, folder: str) -> bool:
    """Say whether a path is a place, or lies below it."""
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def seen_only(found: Compared, missed: Iterable[Missed]) -> Compared:
    """Leave out what is not gone, but lies where nobody could look."""
    places = [path for path, _ in missed]
    return Compared(
        tuple(
            one
            for one in found.differences
            if one.now is not None or not any(below(one.path, at) for at in places)
        ),
        found.unread,
    )


def all_missed(found: Compared, missed: Iterable[Missed]) -> tuple[Missed, ...]:
    """Return every place that was not seen, with the reason."""
    unread = ((node.path, node.unread) for node in found.unread)
    return tuple(sorted({*missed, *unread}))


def still_suspect(
    header: Header, differences: Iterable[Difference], database: Database
) -> tuple[Judged, ...]:
    """Return the alarms for what was not as shipped already, and has not changed."""
    moved = {one.path for one in differences if one.content or one.now is None}
    return tuple(
        standing(path, database) for path in header.suspects if path not in moved
    )


def not_as_shipped(
    nodes: Iterable[Node], database: Database, md5: Mapping[str, str]
) -> AsShipped:
    """Return how recorded files stand to their packages.

    `md5` are the digests of files whose package keeps only such.
    """
    suspects, edited, unowned = [], [], 0
    sums: Counter[tuple[str, bool]] = Counter()
    for node in nodes:
        one = database.files.get(node.path)
        if one is None or not one.digest or node.sort == "folder":
            bare = node.sort == "file" and _kind(node) is Class.CODE
            unowned += bare and one is None
            sums[one.package if one else "", False] += bare and one is not None
            continue
        has = node.digest if one.algorithm == "sha256" else md5.get(node.path, "")
        if node.sort == "file" and (not has or has == one.digest):
            sums[one.package, True] += bool(has)
            continue
        kind = _kind(node)
        if one.settings or kind is Class.TEMPLATE:
            edited.append(node.path)
        elif kind not in {Class.GENERATED, Class.KEY, Class.DATA}:
            suspects.append(node.path)
            sums[one.package, True] += 1
    return AsShipped(
        tuple(sorted(suspects)),
        tuple(sorted(edited)),
        sum(count for (_, known), count in sums.items() if known) - len(suspects),
        unowned,
        tuple(
            (f"package {name}", f"it keeps no sums: {count} files are not compared")
            for (name, known), count in sorted(sums.items())
            if name and not known and count and not sums[name, True]
        ),
    )


def _kind(node: Node) -> Class:
    return place_of(named(node.path)).kind


def wanted(path: str, paths: Iterable[str]) -> bool:
    """Say whether somebody named a path, or a folder above it."""
    return any(below(path, one) for one in paths)


def taken(
    judged: Iterable[Judged], paths: tuple[str, ...]
) -> tuple[tuple[Judged, ...], tuple[Judged, ...]]:
    """Divide what differs: what becomes the new baseline, and what stays as it was.

    Packages' own changes are taken; all others only where a path names them.
    """
    own: list[Judged] = []
    rest: list[Judged] = []
    for one in judged:
        mine = one.cause == "package" or wanted(one.path, paths)
        (own if mine else rest).append(one)
    return tuple(own), tuple(rest)


def renewed(
    recorded: Mapping[str, bytes],
    there: Mapping[str, bytes],
    rest: Iterable[Judged],
    missed: Iterable[Missed],
) -> tuple[bytes, ...]:
    """Return the lines of a new baseline, by path.

    What was not taken, and what was not seen, stays as it was recorded.
    """
    lines = dict(there)
    for one in rest:
        if one.path in recorded:
            lines[one.path] = recorded[one.path]
        else:
            lines.pop(one.path, None)
    places = [path for path, _ in missed]
    if places:
        lines |= {
            path: line
            for path, line in recorded.items()
            if any(below(path, at) for at in places)
        }
    return tuple(lines[path] for path in sorted(lines))
