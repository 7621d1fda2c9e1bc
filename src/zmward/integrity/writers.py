"""Who wrote a file, by the events of the kernel that auditd keeps.

One event is several lines with one number: SYSCALL says who did it, CWD where they
stood, and each PATH names one file or folder. auditd writes a text in quotes, or in
hexadecimal digits where it holds a blank, a quote or anything that cannot be printed;
what it looked up itself it adds behind a byte 1D (`log_format = ENRICHED`). Source:
audit.rules(7), auditd.conf(5), and audit_log_name and audit_log_untrustedstring of the
kernel.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from posixpath import join, normpath
from typing import Final, Literal

import msgspec

from zmward.integrity.names import shown

Deed = Literal["created", "written", "removed"]
_LINE: Final = re.compile(
    rb"(?:node=\S+ )?type=(SYSCALL|CWD|PATH) "
    rb"msg=audit\((\d{1,11}\.\d{1,9}:\d{1,20})\): ?"
)
_NAMED: Final = re.compile(rb" name=(\"[^\"]*\"|[0-9A-F]+)")
_FIELD: Final = re.compile(
    rb"(?<![A-Za-z0-9_])([A-Za-z0-9_]{1,40})=(\"[^\"]*\"|[^ \x1d]*)"
)
# auditd's own are shorter than 9 KiB, and what it adds is half of that at most.
_LONGEST: Final = 16 << 10
_HEX: Final = re.compile(rb"(?:[0-9A-F]{2})+")
_UNSET: Final = {"4294967295", "-1", "unset"}
_DEEDS: Final[Mapping[str, Deed]] = {
    "CREATE": "created",
    "NORMAL": "written",
    "DELETE": "removed",
}
_KEY: Final = "zmward"
# Rules of others may record who reads, too. By architecture: the numbers of open and
# openat with the argument that holds the flags, as include/uapi/asm-generic/fcntl.h has
# them on both.
_OPENS: Final[Mapping[tuple[str, str], str]] = {
    ("c000003e", "2"): "a1",
    ("c000003e", "257"): "a2",
    ("c00000b7", "56"): "a2",
}
_WRITES: Final = 0o1 | 0o2 | 0o100 | 0o1000
Fields = Mapping[str, str]


class Writer(msgspec.Struct, frozen=True):
    """Somebody who did something to a file, as the kernel saw it.

    `user` is whose rights the process had, `login` who had logged in before that, empty
    for a service, `parent` the number of the process above.
    """

    when: str
    deed: Deed
    program: str
    command: str
    process: int
    parent: int
    user: str
    login: str
    terminal: str

    @property
    def text(self) -> str:
        """Return it as one line."""
        login = f"logged in as {self.login}" if self.login else "no login"
        at = f" on {self.terminal}" if self.terminal else ""
        return (
            f"{self.deed} {self.when} by {self.program} ({self.command}, process "
            f"{self.process} of {self.parent}) as {self.user}, {login}{at}"
        )


class Target(msgspec.Struct, frozen=True):
    """A file as events may name it: its path as Python has it, and numbers of inodes.

    Events name a file as the process did, through links and from an open folder; so its
    own number, or its folder's with its name, counts as well. None is one not known.
    """

    path: str
    folder: int | None = None
    own: int | None = None


class _Event(msgspec.Struct):
    """The lines of one event."""

    call: Fields = {}
    cwd: str = ""
    paths: list[Fields] = []


def _text(raw: bytes, *, coded: bool) -> str:
    if raw.startswith(b'"'):
        raw = raw.strip(b'"')
    elif coded and _HEX.fullmatch(raw):
        raw = bytes.fromhex(raw.decode())
    return raw.decode("utf-8", "surrogateescape")


# Names of the kernel's own fields that may hold anybody's text.
_CODED: Final = frozenset({"name", "cwd", "comm", "exe", "key"})


def _fields(rest: bytes) -> Fields:
    """Return the fields of a line; what auditd has looked up itself is in capitals."""
    found: dict[str, str] = {}
    for match in _FIELD.finditer(rest):
        name = match[1].decode()
        # The first counts: a later one of the same name is no field of the kernel's.
        found.setdefault(name, _text(match[2], coded=name in _CODED))
    return found


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]


def _lines(content: bytes) -> Iterator[tuple[re.Match[bytes], bytes]]:
    """Yield the lines that count, without holding a copy of them all."""
    at = 0
    while at < len(content):
        end = content.find(b"\n", at)
        end = len(content) if end < 0 else end
        match = _LINE.match(content, at, end)
        if match is not None and end - at <= _LONGEST:
            yield match, content[match.end() : end]
        at = end + 1


def _events(content: bytes, wanted: Collection[str]) -> dict[bytes, _Event]:
    """Return the events in which a file has one of some last names."""
    found: dict[bytes, _Event] = {}
    for match, rest in _lines(content):
        name = _NAMED.search(b" " + rest) if match[1] == b"PATH" else None
        if name is not None and _last(_text(name[1], coded=True)) in wanted:
            found.setdefault(match[2], _Event())
    for match, rest in _lines(content):
        event = found.get(match[2])
        if event is None:
            continue
        fields = _fields(rest)
        if match[1] == b"SYSCALL":
            event.call = fields
        elif match[1] == b"CWD":
            event.cwd = fields.get("cwd", "")
        else:
            event.paths.append(fields)
    return found


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 20 else 0  # noqa: PLR2004  # 64 bits


def _kind(path: Fields) -> str:
    # Kernels before 3.14 call it otherwise.
    return path.get("nametype") or path.get("objtype") or ""


def _wrote(call: Fields, kind: str) -> bool:
    """Say whether a call did more to a path of some kind than look at it."""
    if call.get("success") != "yes" or kind not in _DEEDS:
        return False
    if kind != "NORMAL" or _KEY in call.get("key", "").split("\x01"):
        return True
    flags = _OPENS.get((call.get("arch", ""), call.get("syscall", "")))
    try:
        return flags is not None and bool(int(call.get(flags, ""), 16) & _WRITES)
    except ValueError:
        return False


class Trail:
    """The events of a piece of auditd's log, by the last name of each file."""

    def __init__(
        self, content: bytes, names: Mapping[str, str], wanted: Collection[str]
    ) -> None:
        """Read the events of files with some last names.

        `names` are users by number, as text.
        """
        self._names = names
        self._by_name: dict[str, list[tuple[str, _Event, Fields]]] = {}
        for number, event in _events(content, wanted).items():
            for path in event.paths:
                name = _last(path.get("name", ""))
                if name in wanted and _wrote(event.call, _kind(path)):
                    row = (number.decode(), event, path)
                    self._by_name.setdefault(name, []).append(row)

    def writers(self, target: Target) -> tuple[Writer, ...]:
        """Return who did something to a file, the last one last."""
        name = target.path.rpartition("/")[2]
        found = [
            self._writer(number, event, path)
            for number, event, path in self._by_name.get(name, ())
            if _meant(event, path, target)
        ]
        return tuple(sorted(_first(found), key=lambda one: one.when))

    def _writer(self, number: str, event: _Event, path: Fields) -> Writer:
        call = event.call
        terminal = call.get("tty", "")
        seconds = float(number.partition(":")[0])
        return Writer(
            datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds"),
            _DEEDS[_kind(path)],
            shown(call.get("exe", "?")) or "?",
            shown(call.get("comm", "?")) or "?",
            _number(call.get("pid")),
            _number(call.get("ppid")),
            self._user(call, "euid"),
            self._user(call, "auid"),
            "" if terminal in {"(none)", "?"} else shown(terminal),
        )

    def _user(self, call: Fields, field: str) -> str:
        number = call.get(field, "?")
        if number in _UNSET:
            return ""
        return shown(self._names.get(number) or call.get(field.upper()) or number)


def _first(found: Iterable[Writer]) -> Iterator[Writer]:
    """Leave out what is one deed: a name that is taken over is removed and created."""
    created = {(one.when, one.process) for one in found if one.deed == "created"}
    seen = set()
    for one in found:
        over = one.deed == "removed" and (one.when, one.process) in created
        if not over and one not in seen:
            seen.add(one)
            yield one


def _meant(event: _Event, path: Fields, target: Target) -> bool:
    """Say whether a path of an event is a file."""
    own = _number(path.get("inode"))
    if own and own == target.own:
        return True
    folders = {
        _number(one.get("inode")) for one in event.paths if _kind(one) == "PARENT"
    } - {0}
    if target.folder in folders:
        return True
    name = path["name"]
    # Where a process stood says nothing of a name that it opened from elsewhere.
    known = bool(folders) and target.folder is not None
    if not name.startswith("/") and known:
        return False
    return normpath(join(event.cwd or "/", name)) == target.path
