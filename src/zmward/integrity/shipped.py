"""What packages say of the files that they brought, in the formats of dpkg and rpm.

dpkg keeps MD5 sums, rpm SHA-256 (or MD5, where old). The database lies on the host and
root can change it: that it agrees proves little, that it differs proves much.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from zmward.catalog.installation import real

_MD5: Final = 32
_SUM = re.compile(r"([0-9a-f]{32}) [ *](.+)")
_SETTING: Final = re.compile(r"^ (.+?) ([0-9a-f]{32})(?: \S+)*$", re.MULTILINE)
_CONFIG_FLAG: Final = 1


class Shipped(msgspec.Struct, frozen=True):
    """One file of a package: its digest (empty where the package keeps none)."""

    package: str
    digest: str = ""
    settings: bool = False

    @property
    def algorithm(self) -> str:
        """Return by what the digest was made."""
        return "md5" if len(self.digest) == _MD5 else "sha256"


class Database(msgspec.Struct, frozen=True):
    """The versions of the installed packages, and their files by path.

    `trouble` says why the package database could not be read.
    """

    versions: Mapping[str, str] = {}
    files: Mapping[str, Shipped] = {}
    trouble: str = ""

    def owner(self, path: str) -> str:
        """Return the package of a path, or nothing."""
        found = self.files.get(path)
        return found.package if found else ""


def dpkg_status(text: str) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Yield name, architecture, version and settings files with MD5 of dpkg's status.

    Only packages whose files are in place are given.
    """
    for part in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): *([^\n]*)", part, re.MULTILINE))
        words = fields.get("Status", "").split()
        if not words or words[-1] in {"not-installed", "config-files"}:
            continue
        listed = re.search(r"^Conffiles:((?:\n [^\n]*)*)", part, re.MULTILINE)
        files = dict(_SETTING.findall(listed[1] if listed else ""))
        yield (
            fields.get("Package", ""),
            fields.get("Architecture", ""),
            fields.get("Version", ""),
            files,
        )


def dpkg_files(
    package: str, listed: str, sums: str, settings: Mapping[str, str]
) -> Iterator[tuple[str, Shipped]]:
    """Yield the files of one package, from its list, sums and settings."""
    digests = {f"/{m[2]}": m[1] for m in map(_SUM.fullmatch, sums.split("\n")) if m}
    for path in listed.split("\n"):
        if path.startswith("/") and path != "/.":
            digest = settings.get(path) or digests.get(path, "")
            yield real(path), Shipped(package, digest, path in settings)


def rpm_files(text: str) -> Iterator[tuple[str, str, Shipped]]:
    """Yield version, path and file of lines `name⇥version⇥digest⇥flags⇥path`.

    The digest of a folder or link is empty; bit 0 of the flags marks settings.
    """
    for line in text.split("\n"):
        words = line.split("\t", 4)
        if len(words) == 5 and words[4].startswith("/"):  # noqa: PLR2004  # columns
            name, version, digest, flags, path = words
            settings = flags.isdecimal() and bool(int(flags) & _CONFIG_FLAG)
            # Folders and links have none, or zeros in its place.
            known = re.fullmatch(r"(?:[0-9a-f]{32}){1,2}", digest) and digest.strip("0")
            plain = digest if known else ""
            yield version, real(path), Shipped(name, plain, settings)


def within(path: str, trees: tuple[str, ...]) -> bool:
    """Say whether a path lies in one of the trees."""
    return f"{path}/".startswith(_begins(trees))


@lru_cache(maxsize=8)
def _begins(trees: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{tree}/" for tree in trees)
