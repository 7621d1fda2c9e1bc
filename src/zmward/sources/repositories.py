"""Package repositories that the package manager knows, enabled or not."""

import re
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from zmward.sources.source import Snippet, Source, Unreadable, contents

_ONE_LINE = re.compile(r"deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)")


class Repository(msgspec.Struct, frozen=True):
    """One repository: the file that names it, its address, whether it is used."""

    file: str
    address: str
    enabled: bool = True

    @property
    def zimbra(self) -> bool:
        """Say whether Zimbra's packages come from here."""
        return "zimbra" in self.address.lower() or "zimbra" in self.file.lower()


def _apt_lines(file: str, text: str) -> list[Repository]:
    found = []
    for line in text.splitlines():
        bare = line.strip()
        enabled = not bare.startswith("#")
        match = _ONE_LINE.search(bare)
        if match and "://" in match[1] and (enabled or match.start() > 0):
            found.append(Repository(file, match[1], enabled))
    return found


def _stanzas(file: str, text: str) -> list[Repository]:
    found = []
    for block in re.split(r"\n\s*\n", text):
        values = {}
        for line in block.splitlines():
            key, colon, value = line.partition(":")
            if colon and not line.startswith(("#", " ")):
                values[key.strip().lower()] = value.strip()
        enabled = values.get("enabled", "yes").lower() not in ("no", "false", "0")
        found += [Repository(file, a, enabled) for a in values.get("uris", "").split()]
    return found


def _yum(file: str, text: str) -> list[Repository]:
    found = []
    for block in re.split(r"^\[", text, flags=re.MULTILINE)[1:]:
        values = {}
        for line in block.splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.lstrip().startswith(("#", ";")):
                values[key.strip().lower()] = value.strip()
        address = values.get("baseurl") or values.get("mirrorlist", "")
        enabled = values.get("enabled", "1").lower() in ("1", "yes", "true", "on")
        if address:
            found.append(Repository(file, address, enabled))
    return found


def _kind(file: str) -> tuple[Callable[[str, str], list[Repository]], bool]:
    """Return the reader of a file, and whether its name lets the manager see it."""
    for ending, kind in (
        (".repo", _yum),
        (".sources", _stanzas),
        (".list", _apt_lines),
    ):
        if f"{ending}." in file or file.endswith(ending):
            return kind, file.endswith(ending)
    raise Unreadable(f"not a file of repositories: {file[:60]!r}")


def parse(answer: str) -> tuple[Repository, ...]:
    """Read apt's lines and stanzas and yum's sections, by the files' names."""
    found: list[Repository] = []
    for file, text in contents(answer).items():
        kind, used = _kind(file)
        found += [
            replace(one, enabled=one.enabled and used) for one in kind(file, text)
        ]
    if not found and not answer.strip():
        raise Unreadable("no file of the package manager names a repository")
    return tuple(found)


REPOSITORIES = Source(
    name="repositories",
    about="Package repositories; passwords in their addresses are masked.",
    question=Snippet(
        r"""
contents /etc/apt/sources.list /etc/apt/sources.list.d/*.list* \
    /etc/apt/sources.list.d/*.sources /etc/yum.repos.d/*.repo* |
    sed -e 's,://[^/@ ]*@,://masked@,g' \
        -e 's/^\( *[a-z_]*pass[a-z]* *= *\).*/\1masked/'
"""
    ),
    parse=parse,
)
