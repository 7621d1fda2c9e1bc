"""Zimbra's lines of releases and their builds, with the days that are known."""

from datetime import date
from functools import cache
from importlib.resources import files

import msgspec


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of releases, the first day on which it may have come out."""

    line: str
    begun: date
    supported: bool


class Build(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One build; `released` is an exact day that was read, `about` a vaguer word.

    Unconfirmed builds are numbers of a row that nobody has seen.
    """

    version: str
    released: date | None = None
    about: str = ""
    source: str = ""
    confirmed: bool = True


class Releases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All lines, the newest first, all builds, and the day of these facts."""

    generated: date
    lines: tuple[Line, ...]
    builds: tuple[Build, ...]


@cache
def releases() -> Releases:
    """Return every row, validated."""
    content = (files("zmward.catalog") / "releases.json").read_bytes()
    return msgspec.json.decode(content, type=Releases)
