"""Until when operating systems and Zimbra's branches are supported, with sources."""

from datetime import date
from functools import cache
from importlib.resources import files

import msgspec


class SystemSupport(msgspec.Struct, frozen=True):
    """One version of an operating system; `verified` rows alone may decide."""

    id: str
    version: str
    end: date
    source: str
    verified: bool


class BranchSupport(msgspec.Struct, frozen=True):
    """One branch of Zimbra."""

    branch: str
    end: date
    source: str
    verified: bool


@cache
def systems() -> tuple[SystemSupport, ...]:
    """Return every row of operating systems."""
    content = (files("zmward.catalog") / "os_support.json").read_bytes()
    return msgspec.json.decode(content, type=tuple[SystemSupport, ...])


@cache
def branches() -> dict[str, BranchSupport]:
    """Return every row of branches, by branch."""
    content = (files("zmward.catalog") / "branch_support.json").read_bytes()
    rows = msgspec.json.decode(content, type=tuple[BranchSupport, ...])
    return {row.branch: row for row in rows}
