"""Explains one path: what it is, whose it is, what changed, and what that means."""

import os
from contextlib import suppress
from typing import Final

import msgspec

from zmward.catalog.installation import Class, in_tree, place_of
from zmward.doors.tree import enter
from zmward.engine.integrity import Place
from zmward.engine.integrity_rendered import unmade
from zmward.engine.integrity_state import exists
from zmward.engine.integrity_work import Wish, recorded
from zmward.engine.written_by import ALL, Asked
from zmward.errors import Usage
from zmward.integrity.checked import still_suspect
from zmward.integrity.compare import difference
from zmward.integrity.manifest import Header
from zmward.integrity.names import named
from zmward.integrity.node import Node
from zmward.integrity.shipped import Database
from zmward.integrity.verdicts import Judged, Packages, judge
from zmward.integrity.writers import Writer

_LAST: Final = 5


class Explained(msgspec.Struct, frozen=True):
    """One path: its class and the row that gives it, its package, record and state.

    `looked` says whether the path lies where zmward looks; `as_shipped` is None where
    no package says how it should be; `judged` is None where nothing differs. `writers`
    are the last who did something to it, None where auditd keeps no log,
    and `unmade` are lines that no values make of its template.
    """

    path: str
    kind: Class
    pattern: str
    looked: bool
    package: str
    version: str
    as_shipped: bool | None
    was: Node | None
    now: Node | None
    why_not: str
    judged: Judged | None
    header: Header | None
    head: str
    writers: tuple[Writer, ...] | None = None
    unmade: tuple[str, ...] = ()


def _as_shipped(place: Place, owners: Database, node: Node | None) -> bool | None:
    one = owners.files.get(node.path) if node else None
    if node is None or one is None or not one.digest or node.sort != "file":
        return None
    return node.path in place.agreeing((node.path,), owners)


def explain(place: Place, wish: Wish | None, path: str) -> Explained:
    """Return what is known of an absolute path, as the reports show it."""
    if not path.startswith("/") or "/../" in f"{path}/" or "//" in path:
        raise Usage(f"{path!r} is no whole path: write it from the root, /opt/zimbra/…")
    path = path.rstrip("/") or "/"
    real = named(path)
    row = place_of(real)
    owners = place.database()
    header, head, was = None, "", None
    if wish is not None and exists(place.root):
        manifest = recorded(place, wish)
        header, head = manifest.header, manifest.head
        was = manifest.nodes().get(path)
    now, why_not = place.look(real, owners)
    agrees = _as_shipped(place, owners, now)
    lines = unmade(place, (now,)) if now else {}
    judged = None
    if header is not None:
        found = difference(was, now)
        agreeing = frozenset({path} if agrees else ())
        if found is not None:
            moved = frozenset(lines) if was is None or found.content else frozenset()
            packages = Packages(owners, header.packages, agreeing, unmade=moved)
            judged = judge(found, packages)
        else:
            rows = still_suspect(header, (), owners)
            judged = next((one for one in rows if one.path == path), None)
    package = owners.owner(path)
    looked = row.kind is not Class.DATA and any(in_tree(real, t) for t in place.trees)
    return Explained(
        *(path, row.kind, row.pattern, looked, package),
        *(owners.versions.get(package, ""), agrees, was, now, why_not),
        *(judged if looked else None, header, head, _writers(place, real)),
        unmade=lines.get(path, ()),
    )


def _writers(place: Place, path: str) -> tuple[Writer, ...] | None:
    above, _, name = path.rpartition("/")
    found = None
    try:
        folder = enter(place.opened, above)
    except OSError:
        pass
    else:
        with suppress(OSError):
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        os.close(folder)
    users = place.names("etc/passwd")
    some = Asked(place.opened, users, (path,), most=ALL).writers(path, found)
    return None if some is None else some[-_LAST:]
