"""Zimbra's versions in their order: 8.8.15 P9 < P10 < P31.1, and 10.1.9 < 10.1.10.

Build numbers and the times in packages never decide: a rebuild of an old patch is
younger than the next patch and still the old one.
"""

import re
from functools import cache

import msgspec

from zmward.catalog.level import level
from zmward.catalog.releases import releases

_SHORT = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?")
_ONE_PATCH = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})_P(\d{1,4})(?:\.(\d{1,3}))?")
_PATCH_IS_THIRD = 10


class Version(msgspec.Struct, frozen=True, order=True):
    """A release, its patch and the patch's update, compared in this order."""

    major: int
    minor: int
    micro: int
    patch: int = 0
    update: int = 0

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Return the release without its patch."""
        return self.major, self.minor, self.micro

    @property
    def line(self) -> str:
        """Return the line that gets patches of its own: `10.1`, `8.8.15`."""
        if self.major >= _PATCH_IS_THIRD:
            return f"{self.major}.{self.minor}"
        return f"{self.major}.{self.minor}.{self.micro}"

    def within(self, line: str) -> bool:
        """Say whether a line such as `8`, `8.8` or `8.8.15` holds this version."""
        wanted = tuple(int(part) for part in line.split("."))
        return self.numbers[: len(wanted)] == wanted

    def __str__(self) -> str:
        """Return the version as people write it."""
        text = f"{self.major}.{self.minor}.{self.micro}"
        if self.patch or self.update:
            text += f" P{self.patch}"
        return text + (f".{self.update}" if self.update else "")


class Unknown(msgspec.Struct, frozen=True):
    """A text that names no version that we could compare; it has no order."""

    text: str


def read(text: str) -> Version | Unknown:
    """Read what catalogs and the diary write: `10.1.20`, `8.8.15_P31.1`, `8.5`."""
    match = _ONE_PATCH.fullmatch(text)
    if match:
        return Version(*(int(part or 0) for part in match.groups()))
    match = _SHORT.fullmatch(text)
    if match:
        return Version(*(int(part or 0) for part in match.groups()))
    return Unknown(text)


def of_package(text: str) -> Version | Unknown:
    """Read the version of a package of Zimbra, as dpkg and rpm print it."""
    found = level(text)
    return Unknown(text) if found is None else Version(*found)


@cache
def known(text: str) -> Version:
    """Return a version of the catalog, which holds no unknown ones."""
    found = read(text)
    if isinstance(found, Version):
        return found
    raise ValueError(f"the catalog names {text!r}, which is no version")


@cache
def newest(line: str) -> Version | None:
    """Return the newest confirmed build of a line."""
    found = (known(build.version) for build in releases().builds if build.confirmed)
    return max((one for one in found if one.line == line), default=None)
