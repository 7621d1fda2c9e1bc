"""How a template differs from what the first snapshot of it held."""

import difflib
from collections.abc import Iterable
from typing import Final

import msgspec

from zmward.configuration import names
from zmward.configuration.overwritten import Record, holds
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


def differing(first: Kept, last: Kept, host: str) -> tuple[str, ...]:
    """Return the templates that both snapshots hold, each with another text."""
    base = f"{folder(host)}templates/"
    both = sorted(first.files.keys() & last.files.keys())
    found = (one for one in both if one.startswith(base))
    return tuple(
        path
        for one in found
        if first.files[one] != last.files[one]
        and (path := _path(one.removeprefix(base)))
    )


def _path(place: str) -> str:
    """Return the host's path behind one of the history; empty where it was cut."""
    parts = [names.original(part) for part in place.split("/")]
    return "" if None in parts else "/" + "/".join(map(str, parts))


def since_record(
    olds: Iterable[Kept], last: Kept, host: str, path: str, record: Record
) -> Said | None:
    """Say how a template differs from the very text that a baseline recorded.

    None where no snapshot of `olds` holds that text, or the last lacks the template.
    """
    place, digest = template(host, path), record.looked.get(path, "")
    new = last.files.get(place)
    texts = (one.files.get(place) for one in olds)
    old = next((one for one in texts if one is not None and holds(digest, one)), None)
    if old is None or new is None or old == new:
        return None
    lines = _changed(old.splitlines(), new.splitlines())
    form = mark("{path}, from what baseline {number} recorded to {last}: {lines}")
    return fill(form, path=path, number=record.number, last=last.when, lines=lines)


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
