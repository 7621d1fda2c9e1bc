"""Looks through an installation: all of it, or what moved and a sample of the rest."""

import hashlib
import os
import re
import socket
import zlib
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final

import msgspec

from zmward.catalog.installation import TREES, Z, in_tree, recorded, skipped
from zmward.doors.examine import Examiner
from zmward.doors.hunted import begin
from zmward.doors.package_files import database
from zmward.doors.tree import FOLDER, Folder, Walk, begun, enter, spread
from zmward.engine.cores import cores
from zmward.engine.examiners import Looker, batches, looked
from zmward.errors import NotZimbra, Usage
from zmward.integrity.compare import Compared, Difference, difference
from zmward.integrity.names import named, shown
from zmward.integrity.node import Node
from zmward.integrity.shipped import Database, Shipped

# Each file is read again at least so often, in days of daily looks.
# No multiple of 7: a check each week comes to all of them, too.
ROUND: Final = 29
_WORKERS: Final = 2
_LARGEST: Final = 1 << 20
_OWN_NAME: Final = re.compile(
    r'<key name="zimbra_server_hostname">\s*<value>([^<]{1,253})</value>'
)


class Seen(msgspec.Struct, frozen=True):
    """What a look through all trees shows: lines of a manifest, and what was missed."""

    lines: tuple[bytes, ...]
    missed: tuple[tuple[str, str], ...]


class Host(msgspec.Struct, frozen=True):
    """Whose installation it is."""

    name: str
    machine: str


class Place:
    """A root whose installation is looked at: `/`, or where an image is mounted."""

    def __init__(
        self, root: str, workers: int | None = None, trees: tuple[str, ...] = TREES
    ) -> None:
        try:
            self.opened = os.open(root, FOLDER & ~os.O_NOFOLLOW)
        except OSError as error:
            raise Usage(f"--root {root} cannot be used: {error.strerror}.") from error
        self.root, self.trees = root, trees
        self._workers = min(cores(), _WORKERS) if workers is None else workers

    def require_zimbra(self) -> None:
        """Refuse a root where Zimbra was never installed: nothing would be compared."""
        if not os.path.lexists(f"{self.root}{Z}"):
            raise NotZimbra(
                f"There is no {Z} below {self.root}: run this on a Zimbra server, or "
                "give --root DIR where its disk is mounted."
            )

    def close(self) -> None:
        """Let the root go."""
        os.close(self.opened)

    def host(self) -> Host:
        """Return the host by the files of the root, by Zimbra's own at last."""
        name = self._line("etc/hostname") or self._own_name()
        if self.root == "/" and not name:
            name = socket.gethostname()
        machine = self._line("etc/machine-id")
        return Host(name, sha256(machine.encode()).hexdigest() if machine else "")

    def _own_name(self) -> str:
        match = _OWN_NAME.search(self.text(f"{Z}/conf/localconfig.xml") or "")
        return match[1].strip() if match else ""

    def _begin(self, path: str, most: int) -> str:
        """Return the begin of a plain file; nothing of what is none, or not there."""
        try:
            raw = begun(self.opened, path, most, own=self.root == "/")
        except OSError:
            return ""
        return raw.decode("utf-8", "replace")

    def _line(self, path: str) -> str:
        """Return the first line that is no comment (hostname(5))."""
        lines = (line.strip() for line in self._begin(path, 4096).split("\n"))
        return next((one for one in lines if one and not one.startswith("#")), "")

    def names(self, path: str) -> dict[str, str]:
        """Return names by number, of `etc/passwd` or `etc/group`."""
        text = self._begin(path, _LARGEST)
        rows = (line.split(":") for line in text.splitlines())
        return {row[2]: row[0] for row in rows if len(row) > 3}  # noqa: PLR2004  # name, x, number, more

    def database(self) -> Database:
        """Return what the package database says."""
        return self.database_of(self.trees)

    def database_of(self, trees: tuple[str, ...]) -> Database:
        """Return what the package database says of some trees."""
        return database(self.root, trees)

    def agreeing(
        self,
        paths: Iterable[str],
        owners: Database,
        seen: Mapping[str, Node] | None = None,
    ) -> frozenset[str]:
        """Return those recorded paths whose content is the one of their package.

        One that was written since it was `seen` does not count: its package's content
        would be taken for the one that was recorded.
        """
        wanted: dict[str, list[str]] = {}
        for path in paths:
            one = owners.files.get(path)
            if one is not None and one.digest:
                wanted.setdefault(one.algorithm, []).append(path)
        return frozenset(
            path
            for algorithm, some in wanted.items()
            for path, node in self._read(some, algorithm).items()
            if owners.files[path].digest == node.digest
            and (seen is None or _rests(seen[path], node))
        )

    def _folders(self, walk: Walk) -> Iterator[Folder]:
        def looked(path: str) -> bool:
            return any(in_tree(path, tree) for tree in self.trees)

        spread_ = (spread(self.opened, tree, walk.note, looked) for tree in self.trees)
        trees = (one for some in spread_ for one in some)
        for tree in trees:
            for folder in walk.tree(tree):
                if folder.path == Z.rpartition("/")[0] and tree == Z:
                    walk.linked(tree)
                yield Folder(
                    folder.path,
                    recorded(folder.path, folder.names),
                    folder.meant,
                    recorded(folder.path, folder.others),
                )

    def see(self, owners: Database) -> Seen:
        """Look at every file of every tree."""
        walk = Walk(self.opened, skipped)
        looker = Looker(self.opened, Examiner(owners.owner))
        lines: list[bytes] = []
        missed: list[tuple[str, str]] = []
        for one in looked(looker, batches(self._folders(walk)), self._workers):
            lines += one.lines.splitlines()
            missed += one.notes
        missed += ((shown(note.path), note.why) for note in walk.notes)
        return Seen(tuple(lines), tuple(missed))

    def digests(self, paths: Iterable[str], algorithm: str) -> dict[str, str]:
        """Return the digests of recorded paths, of those that can be read."""
        read = self._read(paths, algorithm)
        return {path: node.digest for path, node in read.items()}

    def _read(self, paths: Iterable[str], algorithm: str) -> dict[str, Node]:
        by_folder: dict[str, list[str]] = {}
        for path in sorted(paths):
            above, _, name = named(path).rpartition("/")
            by_folder.setdefault(above, []).append(name)
        folders = (Folder(one, tuple(some), False) for one, some in by_folder.items())  # noqa: FBT003  # a row
        looker = Looker(self.opened, Examiner(lambda _path: "", algorithm))
        found: dict[str, Node] = {}
        decode = msgspec.json.Decoder(Node).decode
        for one in looked(looker, batches(folders), self._workers):
            for node in map(decode, one.lines.splitlines()):
                if node.digest and not node.digest.startswith("blocks:"):
                    found[node.path] = node
        return found

    def look(self, path: str, owners: Database) -> tuple[Node | None, str]:
        """Return what stands at one path as Python has it, and why it is not seen."""
        above, _, name = path.rpartition("/")
        folder = Folder(above, (name,), False)  # noqa: FBT003  # a row
        examiner = Examiner(owners.owner)
        done = Looker(self.opened, examiner).look((folder,))
        if done.count:
            return msgspec.json.decode(done.lines, type=Node), ""
        return None, done.notes[0][1] if done.notes else ""

    def whole(self, path: str, digest: str) -> str | None:
        """Return the text at a recorded path if its digest is this; None if not."""
        raw = self._raw(path)
        algorithm = Shipped("", digest).algorithm
        if raw is None or hashlib.new(algorithm, raw).hexdigest() != digest:
            return None
        return raw.decode("utf-8", "replace")

    def text(self, path: str) -> str | None:
        """Return the begin of a small text at one path; None where it is not read."""
        raw = self._raw(path)
        return None if raw is None else raw.decode("utf-8", "replace")

    def _raw(self, path: str) -> bytes | None:
        above, _, name = named(path).rpartition("/")
        try:
            folder = enter(self.opened, above)
        except OSError:
            return None
        try:
            return begin(folder, name)
        except OSError:
            return None
        finally:
            os.close(folder)

    def quick(
        self, was: Mapping[str, Node], owners: Database, day: int
    ) -> tuple[Compared, int, tuple[tuple[str, str], ...]]:
        """Look at what moved and at a day's sample of the rest.

        Return what differs, how many contents were read, and what was missed.
        """
        walk = Walk(self.opened, skipped)
        there: set[str] = set()
        suspicious = self._moved(walk, was, there, day % ROUND)
        looker = Looker(self.opened, Examiner(owners.owner))
        now: dict[str, Node] = {}
        missed: list[tuple[str, str]] = []
        decode = msgspec.json.Decoder(Node).decode
        for one in looked(looker, batches(suspicious), 1):
            now |= {node.path: node for node in map(decode, one.lines.splitlines())}
            missed += one.notes
        missed += ((shown(note.path), note.why) for note in walk.notes)
        gone = (path for path in was if path not in there and path not in now)
        found: list[Difference | None] = [
            difference(was.get(path), node) for path, node in now.items()
        ]
        found += (difference(was[path], None) for path in gone)
        differences = sorted((one for one in found if one), key=lambda one: one.path)
        unread = tuple(node for node in now.values() if node.unread)
        return Compared(tuple(differences), unread), len(now), tuple(missed)

    def _moved(
        self, walk: Walk, was: Mapping[str, Node], there: set[str], turn: int
    ) -> Iterator[Folder]:
        """Yield folders with the names whose properties moved, or whose turn it is."""
        for folder in self._folders(walk):
            try:
                opened = enter(self.opened, folder.path)
            except OSError as error:
                walk.note(folder.path, error)
                continue
            try:
                own = folder.meant and not _still(
                    was.get(shown(folder.path)), os.fstat(opened)
                )
                if folder.meant:
                    there.add(shown(folder.path))
                names, others = (
                    tuple(self._names(opened, (folder.path, some), was, there, turn))
                    for some in (folder.names, folder.others)
                )
            finally:
                os.close(opened)
            if names or others or own:
                yield Folder(folder.path, names, own, others)

    def _names(
        self,
        opened: int,
        folder: tuple[str, tuple[str, ...]],
        was: Mapping[str, Node],
        there: set[str],
        turn: int,
    ) -> Iterator[str]:
        text = shown(folder[0])
        for name in folder[1]:
            path = f"{text}/{shown(name)}"
            try:
                found = os.stat(name, dir_fd=opened, follow_symlinks=False)
            except FileNotFoundError:
                continue
            there.add(path)
            if sampled(path, turn) or not _still(was.get(path), found):
                yield name


def sampled(path: str, turn: int) -> bool:
    """Say whether it is a path's turn to be read again."""
    return zlib.crc32(path.encode()) % ROUND == turn


def _rests(was: Node, now: Node) -> bool:
    """Say whether nobody wrote to a file between two looks."""
    return (was.inode, was.changed, was.size) == (now.inode, now.changed, now.size)


def _still(was: Node | None, found: os.stat_result) -> bool:
    """Say whether nothing suggests that a file was touched since."""
    return (
        was is not None
        and was.modified == found.st_mtime_ns
        and was.changed == found.st_ctime_ns
        and was.inode == found.st_ino
        and was.size == found.st_size
        and was.mode == found.st_mode & 0o7777
        and was.uid == found.st_uid
        and was.gid == found.st_gid
        and was.links == found.st_nlink
        and was.device == found.st_dev
        and not was.unread
    )
