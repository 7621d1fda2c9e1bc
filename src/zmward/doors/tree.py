"""Walks trees of files without following a link, each place opened from the one above.

A name that is read from a folder is only ever used together with the open folder, so
that nobody can lead the walk elsewhere by changing a link while it is at work.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from posixpath import join, normpath
from typing import Final

import msgspec

# So deep lies nothing that anybody installs; each level holds a descriptor.
DEEPEST: Final = 100
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder(msgspec.Struct, frozen=True, array_like=True):
    """A folder's path below the root, and the names in it that are no folders.

    `names` are those of plain files, `others` of links, pipes and the like, both as
    Python has them from the system. An empty path is the root's own. The folder itself
    is not `meant` where only one file in it is.
    """

    path: str
    names: tuple[str, ...]
    meant: bool = True
    others: tuple[str, ...] = ()


class Noted(msgspec.Struct, frozen=True):
    """A place that could not be looked into, and why."""

    path: str
    why: str


Skips = Callable[[str], bool]


def enter(root: int, path: str) -> int:
    """Open a folder below an open one, name by name, following nothing."""
    at = os.dup(root)
    for name in path.split("/"):
        if not name:
            continue
        try:
            below = os.open(name, FOLDER, dir_fd=at)
        finally:
            os.close(at)
        at = below
    return at


def begun(root: int, path: str, most: int, *, own: bool = False) -> bytes:
    """Return the begin of a plain file below an open folder; OSError for any other.

    A root of one's `own` may lead to it by links; in somebody else's none is followed,
    since it would lead out.
    """
    above, _, name = path.rpartition("/")
    folder = os.dup(root) if own else enter(root, above)
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        if own:
            opened = os.open(path.lstrip("/"), flags, dir_fd=folder)
        else:
            opened = os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
    finally:
        os.close(folder)
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        return file.read(most)


def _behind(root: int, path: str) -> bool:
    """Say whether there is a path, or may be one behind further links."""
    above, _, name = path.rpartition("/")
    try:
        opened = enter(root, above)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        os.stat(name, dir_fd=opened, follow_symlinks=False)
    except FileNotFoundError:
        return False
    finally:
        os.close(opened)
    return True


def _linked(
    opened: int, root: int, own: tuple[str, str, str], looked: Callable[[str], bool]
) -> bool:
    """Say whether what stands for the star is a link to what is looked at nowhere."""
    above, name, behind = own
    try:
        target = os.readlink(name, dir_fd=opened)
    except OSError:
        # It was another thing a moment ago.
        return True
    place = f"{normpath(join('/', above, target))}/{behind}"
    return not looked(place) and _behind(root, place)


def spread(
    root: int,
    tree: str,
    note: Callable[[str, OSError], None],
    looked: Callable[[str], bool],
) -> Iterator[str]:
    """Yield the trees that one with a star means; one without it is itself.

    What is above the star and is a link, or cannot be read, is noted; so is a link in
    the place of the star that leads to what is not `looked` at by its own path.
    """
    above, star, behind = tree.partition("/*/")
    if not star:
        yield tree
        return
    try:
        opened = enter(root, above)
    except OSError as error:
        note(above, error)
        return
    names = []
    try:
        with os.scandir(opened) as entries:
            for one in entries:
                path = f"{above}/{one.name}/{behind}"
                if one.is_dir(follow_symlinks=False):
                    names.append(path)
                elif one.is_symlink():
                    own = (above, one.name, behind)
                    if _linked(opened, root, own, looked):
                        note(path, OSError(0, "it lies behind a link: it was not seen"))
    except OSError as error:
        note(above, error)
        return
    finally:
        os.close(opened)
    yield from sorted(names)


class Walk:
    """One walk from a root; what could not be looked into is in `notes`."""

    def __init__(self, root: int, skips: Skips) -> None:
        self._root, self._skips = root, skips
        self._seen: dict[tuple[int, int], str] = {}
        self.notes: list[Noted] = []

    def note(self, path: str, error: OSError) -> None:
        """Keep why a place could not be looked into; one that is gone is none."""
        if not isinstance(error, FileNotFoundError):
            self.notes.append(Noted(path, error.strerror or "it cannot be read"))

    def linked(self, path: str) -> None:
        """Keep that a tree is a link or a file, so that nothing below was seen."""
        self.notes.append(Noted(path, "it is no folder: what lies there was not seen"))

    def tree(self, path: str) -> Iterator[Folder]:
        """Yield a tree's folders, in the order of their names; a file is one name."""
        above, _, name = path.rstrip("/").rpartition("/")
        try:
            within = enter(self._root, above)
        except OSError as error:
            self.note(path, error)
            return
        try:
            kind = os.stat(name, dir_fd=within, follow_symlinks=False).st_mode
            if not stat.S_ISDIR(kind):
                plain, other = ((name,), ()) if stat.S_ISREG(kind) else ((), (name,))
                yield Folder(above, plain, meant=False, others=other)
                return
            below = os.open(name, FOLDER, dir_fd=within)
        except OSError as error:
            self.note(path, error)
            return
        finally:
            os.close(within)
        yield from self._folder(below, path, 0)

    def _folder(self, opened: int, path: str, depth: int) -> Iterator[Folder]:
        """Yield an open folder and those below it; the descriptor is closed."""
        try:
            found = os.fstat(opened)
            before = self._seen.setdefault((found.st_dev, found.st_ino), path)
            if before != path:
                self.notes.append(Noted(path, f"the same folder as {before}"))
                return
            folders, names, others = self._entries(opened, path)
            yield Folder(path, tuple(names), others=tuple(others))
            for name in folders:
                inner = f"{path}/{name}"
                if self._skips(inner):
                    continue
                if depth >= DEEPEST:
                    self.notes.append(Noted(inner, f"deeper than {DEEPEST} folders"))
                    continue
                try:
                    below = os.open(name, FOLDER, dir_fd=opened)
                except OSError as error:
                    self.note(inner, error)
                    continue
                yield from self._folder(below, inner, depth + 1)
        finally:
            os.close(opened)

    def _entries(
        self, opened: int, path: str
    ) -> tuple[list[str], list[str], list[str]]:
        """Return the names of folders, of plain files, and of what is neither."""
        folders: list[str] = []
        names: list[str] = []
        others: list[str] = []
        try:
            with os.scandir(opened) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        names.append(entry.name)
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    else:
                        others.append(entry.name)
        except OSError as error:
            self.note(path, error)
        return sorted(folders), sorted(names), sorted(others)
