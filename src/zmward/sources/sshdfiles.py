"""sshd's configuration files as they are written: each setting with its place."""

import re
import shlex
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch

import msgspec

from zmward.sources.source import Files, Source, Unreadable, contents

MAIN = "/etc/ssh/sshd_config"
_FOLDER = "/etc/ssh/sshd_config.d/*.conf"
_DROP_INS = {_FOLDER, _FOLDER.removeprefix("/etc/ssh/")}
# Red Hat's drop-in includes it from version 9 on; before, it has another form.
_POLICY = "/etc/crypto-policies/back-ends/opensshserver.config"
_LINE = re.compile(r"(\w+)(?:\s*=\s*|\s+)(.*)")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/-]+")
# The criteria for which a login is asked of sshd itself (sources/sshd.py).
_ASKED = {"user", "group", "address"}


class Setting(msgspec.Struct, frozen=True):
    """One line: where it stands, inside which Match, what it says."""

    file: str
    line: int
    match: str
    option: str
    value: str

    @property
    def place(self) -> str:
        """Return how findings name the line."""
        return f"{self.file}:{self.line}"

    @property
    def asked(self) -> bool:
        """Say whether a login was asked of sshd that this line's Match takes."""
        if not self.match:
            return True
        words = self.match.split()
        if words == ["all"]:
            return True
        if len(words) != 2 or words[0].lower() not in _ASKED:  # one criterion
            return False
        return all(_PLAIN.fullmatch(name) for name in words[1].split(","))


class SshdFiles(msgspec.Struct, frozen=True):
    """Settings in the order in which sshd reads them, and files that it never reads.

    `elsewhere` are patterns of included files that were not collected. `ahead` is what
    sshd reads before the drop-ins, None where it does not include them for everybody.
    """

    settings: tuple[Setting, ...]
    unread: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    ahead: tuple[Setting, ...] | None = None


def _lines(file: str, text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        match = _LINE.fullmatch(bare)
        if match is None:
            raise Unreadable(f"{file}:{number}: not a setting of sshd: {bare[:60]!r}")
        yield number, match[1].lower(), re.sub(r"\s+#.*$", "", match[2]).strip()


def _words(file: str, value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError as error:
        raise Unreadable(f"{file}: {error}: {value[:60]!r}") from error


def _read(
    file: str, match: str, files: Mapping[str, str], seen: set[str]
) -> Iterator[Setting]:
    """Yield a file's settings, included files in their place."""
    seen.add(file)
    inside = match
    for number, option, value in _lines(file, files[file]):
        if option == "match":
            inside = value
        elif option == "include":
            yield Setting(file, number, inside, option, value)
            for pattern in _words(file, value):
                full = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
                for name in sorted(files):
                    if fnmatch(name, full) and name not in seen:
                        yield from _read(name, inside, files, seen)
        else:
            yield Setting(file, number, inside, option, value)


def _ahead(read: tuple[Setting, ...]) -> tuple[Setting, ...] | None:
    """Return the settings before the drop-ins' Include, None where there is none."""
    before: list[Setting] = []
    for setting in read:
        if setting.option != "include":
            before.append(setting)
        elif not setting.match and set(_words(setting.file, setting.value)) & _DROP_INS:
            return tuple(before)
    return None


def parse(answer: str) -> SshdFiles:
    """Read the main file and what it includes."""
    files = contents(answer)
    if MAIN not in files:
        raise Unreadable(f"{MAIN} was not found")
    seen: set[str] = set()
    read = tuple(_read(MAIN, "", files, seen))
    settings = tuple(setting for setting in read if setting.option != "include")
    patterns = [
        pattern
        for file in seen
        for _, option, value in _lines(file, files[file])
        if option == "include"
        for pattern in _words(file, value)
    ]
    # Only this folder's files and the system's policy were collected.
    foreign = {
        pattern
        for pattern in patterns
        if pattern not in _DROP_INS and not (pattern == _POLICY and _POLICY in seen)
    }
    unread = tuple(sorted(set(files) - seen - {_POLICY}))
    return SshdFiles(settings, unread, tuple(sorted(foreign)), _ahead(read))


SSHD_FILES = Source(
    name="sshd-files",
    about="sshd's configuration files.",
    question=Files((MAIN, _FOLDER, _POLICY)),
    parse=parse,
)
