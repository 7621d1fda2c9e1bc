"""The programs of the sample server that read and write files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from zmward.change import Mode
from zmward.demo.world import FOLDER, REGULAR, Node, World
from zmward.doors.host import Done

NO_SUCH: Final = b"No such file or directory"
_EXISTS: Final = b"File exists"
NOT_FOUND: Final = 127
_UPTIME: Final = "/proc/uptime"
_GONE: Final = Done(1, b"", NO_SUCH)


class Call(msgspec.Struct, frozen=True):
    """One program that is run there: its words, input and user, and the time."""

    world: World
    words: tuple[str, ...]
    given: bytes
    user: str
    now: float

    @property
    def last(self) -> str:
        """Return the last word: the file that most programs are about."""
        return self.words[-1]


Program = Callable[[Call], Done]


def _cat(call: Call) -> Done:
    if call.last == _UPTIME:
        return Done(0, f"{call.now:.2f} 0.00\n".encode())
    node = call.world.files.get(call.last)
    return Done(0, node.content) if node else _GONE


def _children(world: World, path: str) -> Sequence[str]:
    return [name for name in world.files if name.startswith(f"{path.rstrip('/')}/")]


def _look(world: World, path: str) -> Node | None:
    """Return what has a path; a folder is there where something lies below it."""
    found = world.files.get(path)
    if found is None and (path == "/" or _children(world, path)):
        return Node(FOLDER, b"", Mode(0o755, "root", "root"))
    return found


def _row(path: str, node: Node, wanted: str) -> str:
    """Write what `stat -c` is asked for."""
    mode = node.mode
    for letters, text in (
        ("%F", node.kind),
        ("%a", f"{mode.mode:o}"),
        ("%U", mode.owner),
        ("%G", mode.group),
        ("%Y", str(node.made)),
        ("%h", "1"),
        ("%n", path),
    ):
        wanted = wanted.replace(letters, text)
    return f"{wanted}\n"


def _stat(call: Call) -> Done:
    form = call.words[call.words.index("-c") + 1]
    paths = [word for word in call.words if word.startswith("/")]
    nodes = [(path, _look(call.world, path)) for path in paths]
    rows = [_row(path, node, form) for path, node in nodes if node is not None]
    lost = len(rows) < len(nodes)
    return Done(int(lost), "".join(rows).encode(), NO_SUCH if lost else b"")


def _readlink(_call: Call) -> Done:
    """Answer for the space of processes: the sample has one."""
    return Done(0, b"pid:[1]\n")


def _realpath(call: Call) -> Done:
    """Answer for any folder: the sample has no links."""
    return Done(0, f"{call.last}\n".encode())


def _test(call: Call) -> Done:
    return Done(0 if call.last in call.world.files else 1)


def _mkdir(call: Call) -> Done:
    if call.last in call.world.files:
        return Done(0 if "-p" in call.words else 1, b"", _EXISTS)
    mode = Mode(0o700, call.user, call.user)
    call.world.files[call.last] = Node(FOLDER, b"", mode, int(call.now))
    return Done(0)


def _dd(call: Call) -> Done:
    options = dict(word.split("=", 1) for word in call.words[1:] if "=" in word)
    path, files = options["of"], call.world.files
    if "excl" in options.get("conv", "") and path in files:
        return Done(1, b"", _EXISTS)
    if options.get("oflag") == "append" and path in files:
        files[path].content += call.given
    else:
        mode = Mode(0o600, call.user, call.user)
        files[path] = Node(REGULAR, call.given, mode, int(call.now))
    return Done(0)


def _mark(call: Call, folder: str) -> Done:
    # Nobody waits long enough at the sample server for a switch to fire.
    call.world.files[f"{folder}/journal"].content += call.given
    return Done(0)


def _words(call: Call) -> tuple[str, ...]:
    """Return the words that are no options."""
    return tuple(word for word in call.words[1:] if not word.startswith("-"))


def _chown(call: Call) -> Done:
    owners, path = _words(call)
    node = call.world.files.get(path)
    if node is None:
        return _GONE
    owner, _, group = owners.partition(":")
    # chown clears the set-user and set-group bits.
    node.mode = Mode(node.mode.mode & 0o1777, owner, group)
    return Done(0)


def _chmod(call: Call) -> Done:
    octal, path = _words(call)
    node = call.world.files.get(path)
    if node is None:
        return _GONE
    node.mode = Mode(int(octal, 8), node.mode.owner, node.mode.group)
    return Done(0)


def _mv(call: Call) -> Done:
    old, new = _words(call)
    files = call.world.files
    if old not in files:
        return _GONE
    for path in [old, *_children(call.world, old)]:
        files[new + path[len(old) :]] = files.pop(path)
    return Done(0)


def _rm(call: Call) -> Done:
    for name in _words(call):
        inside = _children(call.world, name) if "-rf" in call.words else ()
        for path in (name, *inside):
            call.world.files.pop(path, None)
    return Done(0)


def _read(call: Call, path: str) -> Done:
    node = call.world.files.get(path)
    return Done(0, node.content) if node else _GONE


def _set_mode(call: Call, path: str, seen: str, owners: str, octal: str) -> Done:
    node = call.world.files.get(path)
    if node is None:
        return _GONE
    mode = node.mode
    if seen != f"{mode.mode:o} {mode.owner} {mode.group}":
        return Done(4, b"", f"{path} was swapped since it was seen".encode())
    owner, _, group = owners.partition(":")
    node.mode = Mode(int(octal, 8), owner, group)
    return Done(0)


def _swap(call: Call, path: str, seen: str, wanted: str) -> Done:
    files = call.world.files
    found = files[path].content.decode().rstrip("\n") if path in files else "-"
    if found != seen:
        return Done(4, b"", b"it has changed meanwhile")
    files.pop(path, None)
    if wanted != "-":
        mode = Mode(0o600, "root", "root")
        files[path] = Node(REGULAR, f"{wanted}\n".encode(), mode, int(call.now))
    return Done(0)


def _taken(_call: Call, *_words: str) -> Done:
    """Take every value: the sample has neither Postfix nor nginx to ask."""
    return Done(0)


def _texts(_call: Call, _most: str, *paths: str) -> Done:
    """Print files as the engine's program does: the sample has none of zmconfigd's."""
    program = "/opt/zimbra/conf/zmconfigd.cf"
    kinds = ("file" if path == program else "absent" for path in paths)
    rows = (f"{number} {kind}\n" for number, kind in enumerate(kinds, 1))
    return Done(0, "".join(rows).encode())


# The programs that zmward brings along, by their first word.
BROUGHT: Final[Mapping[str, Callable[..., Done]]] = {
    "texts": _texts,
    "try-postfix": _taken,
    "try-nginx": _taken,
    "read": _read,
    "mode": _set_mode,
    "swap": _swap,
    "mark": _mark,
}


def _sync(_call: Call) -> Done:
    return Done(0)


def _ls(call: Call) -> Done:
    base = f"{call.last}/"
    inside = _children(call.world, call.last)
    names = sorted({path[len(base) :].partition("/")[0] for path in inside})
    return Done(0, "".join(f"{name}\n" for name in names).encode())


def _cmp(call: Call) -> Done:
    node = call.world.files.get(call.words[-2])
    return Done(0 if node is not None and node.content == call.given else 1)


def _id(_call: Call) -> Done:
    return Done(0, b"0\n")


def _date(call: Call) -> Done:
    return Done(0, f"{int(call.now)}\n".encode())


PROGRAMS: Final[Mapping[str, Program]] = {
    "cat": _cat,
    "chmod": _chmod,
    "chown": _chown,
    "cmp": _cmp,
    "date": _date,
    "dd": _dd,
    "id": _id,
    "ls": _ls,
    "mkdir": _mkdir,
    "mv": _mv,
    "readlink": _readlink,
    "realpath": _realpath,
    "rm": _rm,
    "stat": _stat,
    "sync": _sync,
    "test": _test,
}
