"""Files of a host, read and replaced whole: never through a link, never half."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import NoReturn

import msgspec

from zmward.change import FileText, Mode
from zmward.doors.host import Done, Door
from zmward.errors import Fault, Refused

_REGULAR = ("regular file", "regular empty file")
_ABSENT = b"No such file or directory"
_SELINUX = "/sys/fs/selinux/enforce"
_SHARED, _STICKY = 0o002, 0o1000
# As many as Linux follows.
_MOST_LINKS = 40
Check = Callable[[str], None]


class Node(msgspec.Struct, frozen=True):
    """What has a path: its kind in stat's words, mode and owners; no link followed."""

    kind: str
    mode: Mode


def fail(done: Done, word: str, where: str) -> NoReturn:
    """Turn a program's failure into a typed fault."""
    raise Fault(word, done.said, where)


def must(done: Done, word: str, where: str) -> Done:
    """Return what was done, or raise the fault that it ended with."""
    if done.code:
        fail(done, word, where)
    return done


def look(door: Door, path: str) -> Node | None:
    """Return what has that path, None where nothing has."""
    done = door.run(("stat", "-c", "%F|%a|%U|%G", "--", path))
    if done.code and _ABSENT in done.error:
        return None
    words = must(done, "stat", path).out.decode().strip().split("|")
    kind, mode, owner, group = words
    return Node(kind, Mode(int(mode, 8), owner, group))


def _regular(node: Node, path: str) -> None:
    if node.kind not in _REGULAR:
        raise Refused(f"{path} is a {node.kind}, not a plain file: left alone.")


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _followed(door: Door, folder: str) -> str:
    """Return a folder without its links; refuse one that a user could have made."""
    place, left, links = "/", list(PurePosixPath(folder).parts[1:]), 0
    while left:
        name = left.pop(0)
        if name == "..":
            place = _parent(place)
            continue
        found = str(PurePosixPath(place) / name)
        node = look(door, found)
        if node is None or node.kind != "symbolic link":
            place = found
            continue
        links += 1
        if links > _MOST_LINKS or node.mode.owner != "root" or _others(door, place):
            raise Refused(f"{folder} is reached through a link, {found}: left alone.")
        asked = must(door.run(("readlink", "--", found)), "readlink", found)
        target = PurePosixPath(asked.out.decode("utf-8", "replace").rstrip("\n"))
        place = "/" if target.is_absolute() else place
        left = [*(part for part in target.parts if part != "/"), *left]
    return place


def settled(door: Door, path: str) -> str:
    """Return a path with no link on its way, as root alone has laid them.

    /opt/zimbra is often a link to another disk. What a user can swap is refused.
    """
    folder = _parent(path)
    real = must(door.run(("realpath", "-e", "--", folder)), "realpath", folder)
    if real.out.decode("utf-8", "replace").rstrip("\n") == folder:
        return path
    if ".." in PurePosixPath(path).parts:
        raise Refused(f"{path} is no plain path: left alone.")
    return str(PurePosixPath(_followed(door, folder)) / PurePosixPath(path).name)


def read_bytes(door: Door, path: str) -> bytes:
    """Return what a plain file holds."""
    return must(door.run(("cat", "--", path)), "read", path).out


@cache
def pinned() -> str:
    """Return the program that reads a file, or sets its mode, by descriptor."""
    return (files("zmward.doors") / "pinned.sh").read_text("utf-8")


def _pinned(door: Door, *words: str) -> Done:
    return door.run(("sh", "-c", pinned(), "zmward", *words))


@cache
def swapping() -> str:
    """Return the program that exchanges a small file by its content."""
    return (files("zmward.doors") / "swap.sh").read_text("utf-8")


def swap(door: Door, path: str, seen: str, wanted: str) -> Done:
    """Exchange a file's one line if it still is as seen; `-` stands for no file."""
    return door.run(("sh", "-c", swapping(), "zmward", "swap", path, seen, wanted))


def read_plain(door: Door, path: str) -> bytes:
    """Return what a plain file holds whose folder may be a user's."""
    return must(_pinned(door, "read", settled(door, path)), "read", path).out


def read_file(door: Door, path: str) -> FileText | None:
    """Return a file's text, mode and owners; refuse what is not a plain text file."""
    node = look(door, path)
    if node is None:
        return None
    _regular(node, path)
    try:
        text = read_plain(door, path).decode()
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8 text: left alone.") from error
    return FileText(text, node.mode.mode, node.mode.owner, node.mode.group)


def beside(path: str, token: str) -> str:
    """Return the name under which a new file waits; no daemon includes it."""
    place = PurePosixPath(path)
    return str(place.with_name(f".{place.name}.zmward-{token}"))


def _others(door: Door, folder: str) -> set[str]:
    """Return who but root can rename something on the way to a folder, or in it."""
    places = (folder, *(str(place) for place in PurePosixPath(folder).parents))
    asked = door.run(("stat", "-c", "%a|%U|%G", "--", *places))
    found = set()
    for line in must(asked, "stat", folder).out.decode().splitlines():
        octal, owner, group = line.split("|")
        mode = int(octal, 8)
        found.add(owner)
        if mode & _STICKY:
            continue
        found |= {group} if mode & (_SHARED << 3) else set()
        found |= {"everybody"} if mode & _SHARED else set()
    return found - {"root"}


def _writer(door: Door, folder: str, wanted: Mode) -> str:
    """Return as whom to write: where a user can rename a folder, links may be his."""
    others = _others(door, folder)
    if others - {wanted.owner}:
        names = ", ".join(sorted(others))
        raise Refused(f"{folder} is open to {names}: nothing of others is put there.")
    return wanted.owner if others else "root"


def _label(door: Door, path: str, new: str, *, exists: bool) -> None:
    if door.run(("test", "-e", _SELINUX)).code:
        return
    if exists:
        must(door.run(("chcon", "-h", f"--reference={path}", new)), "chcon", path)


def replace_bytes(
    door: Door,
    path: str,
    content: bytes,
    mode: Mode,
    *,
    token: str,
    check: Check | None = None,
) -> None:
    """Write beside, check, then rename; what was there stays whole until then."""
    path = settled(door, path)
    folder = _parent(path)
    node = look(door, path)
    if node is not None:
        _regular(node, path)
    user, new = _writer(door, folder, mode), beside(path, token)
    out = ("dd", f"of={new}", "conv=excl,fsync", "status=none")
    try:
        must(door.run(out, given=content, user=user), "write", path)
        if user == "root":
            owner = f"{mode.owner}:{mode.group}"
            must(door.run(("chown", "-h", owner, "--", new)), "chown", path)
        octal = f"{mode.mode:04o}"
        must(door.run(("chmod", octal, "--", new), user=user), "chmod", path)
        _label(door, path, new, exists=node is not None)
        if check is not None:
            check(new)
        must(door.run(("mv", "-fT", "--", new, path), user=user), "rename", path)
    except (Fault, Refused):
        door.run(("rm", "-f", "--", new), user=user)
        raise
    if node is None and not door.run(("test", "-e", _SELINUX)).code:
        door.run(("restorecon", path))
    must(door.run(("sync", "--", folder)), "sync", folder)


def replace_file(
    door: Door,
    path: str,
    wanted: FileText | None,
    *,
    token: str,
    check: Check | None = None,
) -> None:
    """Put a whole text file in its place, or remove it where None is wanted."""
    if wanted is None:
        remove_file(door, path)
        return
    mode = Mode(wanted.mode, wanted.owner, wanted.group)
    content = wanted.text.encode()
    replace_bytes(door, path, content, mode, token=token, check=check)


def remove_file(door: Door, path: str) -> None:
    """Remove a plain file, if it is there."""
    path = settled(door, path)
    folder = _parent(path)
    node = look(door, path)
    if node is None:
        return
    _regular(node, path)
    user = _writer(door, folder, node.mode)
    must(door.run(("rm", "-f", "--", path), user=user), "remove", path)
    must(door.run(("sync", "--", folder)), "sync", folder)


def read_mode(door: Door, path: str) -> Mode | None:
    """Return the mode and owners of a file or folder; refuse a link."""
    node = look(door, path)
    if node is None:
        return None
    if node.kind not in (*_REGULAR, "directory"):
        raise Refused(f"{path} is a {node.kind}: its mode is left alone.")
    # Its folder may be a user's, who could lead chown to any file of root's.
    settled(door, path)
    return node.mode


def set_mode(door: Door, path: str, mode: Mode) -> None:
    """Set owners and mode of the very file that is there now, through no link."""
    path = settled(door, path)
    seen = read_mode(door, path)
    if seen is None:
        raise Fault("absent", "no such file", path)
    now = f"{seen.mode:o} {seen.owner} {seen.group}"
    words = (now, f"{mode.owner}:{mode.group}", f"{mode.mode:04o}")
    must(_pinned(door, "mode", path, *words), "chmod", path)


def discard(door: Door, paths: Iterable[str]) -> None:
    """Remove files of ours that a broken run may have left beside others."""
    names = tuple(paths)
    if names:
        door.run(("rm", "-f", "--", *names))
