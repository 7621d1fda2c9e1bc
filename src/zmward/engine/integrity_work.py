"""Makes a baseline, compares with it, and takes what changed for a good reason."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from zmward.catalog.installation import place_of
from zmward.doors.hunted import SEEN
from zmward.engine.integrity import Place, Seen
from zmward.engine.integrity_keys import Signer
from zmward.engine.integrity_rendered import unmade
from zmward.engine.integrity_state import commit, newest
from zmward.errors import Refused
from zmward.integrity.checked import (
    AsShipped,
    Checked,
    Made,
    Missed,
    all_missed,
    below,
    not_as_shipped,
    renewed,
    seen_only,
    still_suspect,
    taken,
    wanted,
)
from zmward.integrity.compare import Compared, compared, unread_lines
from zmward.integrity.hunting import LONG, Subject, hits, hunts_at
from zmward.integrity.manifest import SCHEMA, Header, Manifest
from zmward.integrity.names import named
from zmward.integrity.node import Node
from zmward.integrity.own_jobs import SHIPPED, TABLES, only_shipped
from zmward.integrity.receipts import MOST, flooded, newest_told
from zmward.integrity.shipped import Database
from zmward.integrity.verdicts import LOOSE, Packages, judge


class Wish(msgspec.Struct, frozen=True):
    """When and by which zmward a baseline is made, and whose word counts.

    `remembered` is a number, with its digest or without, and `told` the lines of a log
    or of a key's memory; both tell of a baseline that was made. `anew` lets a history
    begin although there was one.
    """

    now: datetime
    version: str
    keys: tuple[str, ...]
    remembered: str = ""
    told: bytes | None = None
    anew: bool = False


def _nodes(lines: Iterable[bytes]) -> list[Node]:
    return list(map(msgspec.json.Decoder(Node).decode, lines))


def _md5(place: Place, nodes: Iterable[Node], owners: Database) -> dict[str, str]:
    """Return the MD5 of files whose package keeps no better sum."""
    asked = (
        node.path
        for node in nodes
        if node.sort == "file"
        and (one := owners.files.get(node.path)) is not None
        and one.digest
        and one.algorithm == "md5"
    )
    return place.digests(asked, "md5")


def _unread(lines: Iterable[bytes]) -> Iterable[Missed]:
    return ((node.path, node.unread) for node in _nodes(unread_lines(lines)))


def _header(place: Place, wish: Wish, owners: Database, content: bytes) -> Header:
    """Return a header without its place in the chain."""
    host = place.host()
    named = {one.package for one in owners.files.values()}
    return Header(
        schema=SCHEMA,
        serial=1,
        previous="",
        host=host.name,
        machine=host.machine,
        when=wish.now.astimezone(UTC).isoformat(timespec="seconds"),
        zmward=wish.version,
        because="baseline",
        lines=content.count(b"\n"),
        digest=hashlib.sha256(content).hexdigest(),
        trees=place.trees,
        owners=place.names("etc/passwd"),
        groups=place.names("etc/group"),
        packages={
            name: version for name, version in owners.versions.items() if name in named
        },
    )


def _known(wish: Wish, machine: str) -> Iterable[str]:
    """Yield the baselines of a machine that others than the host remember."""
    if wish.remembered:
        yield wish.remembered
    if wish.told is None:
        return
    if flooded(wish.told):
        raise Refused(
            f"What --expect names holds more than {MOST} lines on baselines, most of "
            "them forged: give it those alone that this host's root has sent."
        )
    found = newest_told(wish.told, machine, wish.keys)
    if found is None:
        raise Refused(
            "What --expect names holds no line on a baseline of this host that a key "
            "which you have pinned has signed: nothing is known by it."
        )
    yield found.words


def _written(
    place: Place, wish: Wish, signer: Signer, header: Header, content: bytes
) -> tuple[Header, str, str]:
    """Write a baseline; return its header, digest and what the key cannot remember."""

    def made(serial: int, previous: str) -> Header:
        return msgspec.structs.replace(header, serial=serial, previous=previous)

    keys = tuple({*wish.keys, signer.public})
    kept = newest_told(signer.kept(), header.machine, keys)
    known = (*_known(wish, header.machine), *((kept.words,) if kept else ()))
    done = commit(
        *(place.root, wish.keys, made, content),
        sign=signer.sign,
        machine=header.machine,
        known=known,
        anew=wish.anew,
    )
    return done.header, done.head, signer.keep(done.line, header.machine)


def baseline(place: Place, wish: Wish, signer: Signer) -> Made:
    """Record the installation as it is, and say what is not as packages have it."""
    place.require_zimbra()
    owners = place.database()
    seen = place.see(owners)
    shipped = AsShipped()
    if owners.files:
        nodes = _nodes(seen.lines)
        shipped = not_as_shipped(nodes, owners, _md5(place, nodes, owners))
    content = b"".join(line + b"\n" for line in seen.lines)
    header = msgspec.structs.replace(
        _header(place, wish, owners, content), suspects=shipped.suspects
    )
    header, head, forgotten = _written(place, wish, signer, header, content)
    missed = {*seen.missed, *_unread(seen.lines), *shipped.silent}
    if owners.trouble:
        missed.add(("/var/lib", owners.trouble))
    return Made(header, head, signer.public, shipped, tuple(sorted(missed)), forgotten)


def recorded(place: Place, wish: Wish) -> Manifest:
    """Return the newest baseline of this very host."""
    machine = place.host().machine
    known = tuple(_known(wish, machine))
    found = newest(place.root, wish.keys, machine, known)
    if found.header.machine != machine:
        raise Refused(
            f"The baseline is of another machine ({found.header.host}), or this one's "
            "/etc/machine-id was changed: nothing was compared."
        )
    # A newer zmward may look at more places, of which nothing was recorded.
    place.trees = found.header.trees
    return found


def _judged(
    place: Place,
    manifest: Manifest,
    found: Compared,
    missed: tuple[Missed, ...],
    owners: Database,
) -> Checked:
    found = seen_only(found, missed)
    nodes = [one.now for one in found.differences if one.now is not None]
    files = {node.path: node for node in nodes if node.sort == "file"}
    agreeing = place.agreeing(files, owners, files)
    missed = (*missed, *_half_seen(files, agreeing))
    running = frozenset(node.path for node in nodes if _runs_code(place, node))
    packages = Packages(
        *(owners, manifest.header.packages, agreeing),
        running=running,
        unmade=frozenset(unmade(place, _rewritten(found))),
    )
    if any(node.path in TABLES for node in nodes) and _upgraded(packages):
        packages = msgspec.structs.replace(
            packages, written=_written_jobs(place, owners, files)
        )
    return Checked(
        manifest.header,
        manifest.head,
        (
            *(judge(one, packages) for one in found.differences),
            *still_suspect(manifest.header, found.differences, owners),
        ),
        all_missed(found, missed),
        trouble=owners.trouble,
    )


def _rewritten(found: Compared) -> list[Node]:
    """Return the files that are there with another content than before."""
    some = [one for one in found.differences if one.was is None or one.content]
    return [one.now for one in some if one.now is not None]


def _half_seen(files: Mapping[str, Node], agreeing: frozenset[str]) -> Iterable[Missed]:
    """Yield files that are judged by their content, and too long to be read whole."""
    for path, node in files.items():
        own = named(path)
        if node.size <= SEEN or path in agreeing or place_of(own).kind not in LOOSE:
            continue
        if any(row.holds and row.level == "alarm" for row in hunts_at(own, 0, "")):
            yield path, LONG


def _runs_code(place: Place, node: Node) -> bool:
    """Say whether the hunt gives an alarm for what a file that others write holds."""
    path = named(node.path)
    if node.sort != "file" or place_of(path).kind not in LOOSE:
        return False
    subject = Subject(path, 0, "", (place.text(node.path) or "").encode())
    found = hits(subject, owned=False, known=False, as_shipped=False)
    return any(hit.level == "alarm" and hit.excerpt for hit in found)


def _upgraded(packages: Packages) -> bool:
    """Say whether one of Zimbra's packages was upgraded since the baseline."""
    names = {*packages.before, *packages.database.versions}
    return any(name.startswith("zimbra-") and packages.moved(name) for name in names)


def _written_jobs(
    place: Place, owners: Database, files: Mapping[str, Node]
) -> frozenset[str]:
    """Return the crontab of user zimbra where an upgrade has written all of it.

    What is read is held against its digest: user zimbra can swap both meanwhile.
    """
    texts = [
        text
        for path, one in owners.files.items()
        if below(path, SHIPPED) and one.digest
        if (text := place.whole(path, one.digest)) is not None
    ]
    return frozenset(
        path
        for path in TABLES
        if path in files
        if (table := place.whole(path, files[path].digest)) is not None
        and only_shipped(table, texts)
    )


def check(place: Place, wish: Wish, *, quick: bool = False) -> Checked:
    """Compare the installation with the newest baseline."""
    manifest = recorded(place, wish)
    if not quick:
        return _whole(place, manifest)[0]
    day = wish.now.toordinal()
    found, read, missed = place.quick(manifest.nodes(), Database(), day)
    asks = bool(found.differences) or bool(manifest.header.suspects)
    owners = place.database() if asks else Database()
    done = _judged(place, manifest, found, missed, owners)
    return msgspec.structs.replace(done, read=read, quick=True)


def _whole(place: Place, manifest: Manifest) -> tuple[Checked, Seen, Database]:
    owners = place.database()
    seen = place.see(owners)
    found = compared(manifest.lines, seen.lines)
    done = _judged(place, manifest, found, seen.missed, owners)
    return msgspec.structs.replace(done, read=len(seen.lines)), seen, owners


class Accepted(msgspec.Struct, frozen=True):
    """What an accepted baseline takes, what stays as it was, and its lines."""

    checked: Checked
    own: tuple[str, ...]
    rest: tuple[str, ...]
    header: Header
    content: bytes


def proposed(place: Place, wish: Wish, paths: tuple[str, ...]) -> Accepted:
    """Return what accepting would do; nothing is written."""
    manifest = recorded(place, wish)
    checked, seen, owners = _whole(place, manifest)
    own, rest = taken(checked.judged, paths)
    lines = renewed(
        {node.path: line for node, line in _paired(manifest.lines)},
        {node.path: line for node, line in _paired(seen.lines)},
        rest,
        # Of a long one the digest is known, and can be taken.
        (one for one in checked.missed if one[1] != LONG),
    )
    content = b"".join(line + b"\n" for line in lines)
    header = msgspec.structs.replace(
        _header(place, wish, owners, content),
        because="accept",
        suspects=tuple(
            path
            for path in manifest.header.suspects
            if not wanted(path, paths) and path not in {one.path for one in own}
        ),
    )
    return Accepted(
        checked,
        tuple(one.path for one in own),
        tuple(one.path for one in rest),
        header,
        content,
    )


def accept(
    place: Place, wish: Wish, signer: Signer, what: Accepted
) -> tuple[Header, str, str]:
    """Write an accepted baseline; return as baselines do what came of it."""
    return _written(place, wish, signer, what.header, what.content)


def left(what: Accepted) -> Checked:
    """Return what a check would still say once an acceptance is written."""
    rest = frozenset(what.rest)
    return msgspec.structs.replace(
        what.checked,
        judged=tuple(one for one in what.checked.judged if one.path in rest),
    )


def _paired(lines: Iterable[bytes]) -> Iterable[tuple[Node, bytes]]:
    decode = msgspec.json.Decoder(Node).decode
    return ((decode(line), line) for line in lines)
