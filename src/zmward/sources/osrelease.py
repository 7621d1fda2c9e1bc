"""The operating system, as /etc/os-release names it."""

import re

import msgspec

from zmward.sources.source import File, Source, Unreadable

_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


class OsRelease(msgspec.Struct, frozen=True):
    """Distribution, version, and the end of support that the system itself states."""

    id: str
    version: str
    name: str = ""
    like: tuple[str, ...] = ()
    support_end: str = ""

    @property
    def family(self) -> str:
        """Return `deb`, `rpm` or an empty text."""
        known = {self.id, *self.like}
        if known & {"debian", "ubuntu"}:
            return "deb"
        return "rpm" if known & {"rhel", "centos", "fedora"} else ""


def parse(answer: str) -> OsRelease:
    """Read os-release(5): shell-like assignments, quoted or not."""
    found = {}
    for line in answer.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise Unreadable(f"os-release: not an assignment: {line[:60]!r}")
        found[match[1]] = match[2].strip("\"'")
    if "ID" not in found:
        raise Unreadable("os-release does not name the system")
    return OsRelease(
        id=found["ID"],
        version=found.get("VERSION_ID", ""),
        name=found.get("PRETTY_NAME", ""),
        like=tuple(found.get("ID_LIKE", "").split()),
        support_end=found.get("SUPPORT_END", ""),
    )


OS_RELEASE = Source(
    name="os-release",
    about="The operating system and its version.",
    question=File("/etc/os-release"),
    parse=parse,
)
