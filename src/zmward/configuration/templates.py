"""How a template differs from what the first snapshot of it held."""

import difflib
from collections.abc import Iterable
from typing import Final

import msgspec

from zmward.configuration import names
from zmward.configuration.snapshot import Files, folder
from zmward.i18n import Said, fill, mark

_MOST: Final = 6
_LONGEST: Final = 120


class Kept(msgspec.Struct, frozen=True):
    """One snapshot: when it was seen, and its files."""

    when: str
    files: Files


def template(host: str, path: str) -> str:
    """Return the path under which the history keeps a host's template."""
    return f"{folder(host)}templates/{names.path(path)}"


def since(first: Kept, last: Kept, host: str, path: str) -> Said | None:
    """Say how a template changed between two snapshots; None where one lacks it."""
    place = template(host, path)
    old, new = first.files.get(place), last.files.get(place)
    if old is None or new is None:
        return None
    span = {"path": path, "first": first.when, "last": last.when}
    if old == new:
        return fill(mark("{path}, as in the snapshots from {first} to {last}"), **span)
    lines = _changed(old.splitlines(), new.splitlines())
    return fill(mark("{path}, from {first} to {last}: {lines}"), **span, lines=lines)


def _changed(old: Iterable[str], new: Iterable[str]) -> tuple[Said, ...]:
    """Return the lines that went and came, each with its sign, a few of them."""
    compared = difflib.unified_diff(list(old), list(new), n=0, lineterm="")
    found = [line for line in list(compared)[2:] if not line.startswith("@@")]
    shown = tuple(Said(line[:_LONGEST]) for line in found[:_MOST])
    rest = len(found) - len(shown)
    more = fill(mark("and {count} lines more"), count=rest)
    return (*shown, more) if rest > 0 else shown
