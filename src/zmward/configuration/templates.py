"""How a template differs from what the first snapshot of it held."""

import difflib
from collections.abc import Iterable

import msgspec

from zmward.configuration import names
from zmward.configuration.snapshot import Files, folder


class Kept(msgspec.Struct, frozen=True):
    """One snapshot: when it was seen, and its files."""

    when: str
    files: Files


def template(host: str, path: str) -> str:
    """Return the path under which the history keeps a host's template."""
    return f"{folder(host)}templates/{names.path(path)}"


def since(first: Kept, last: Kept, host: str, path: str) -> str:
    """Say how a template changed between two snapshots; empty where one lacks it."""
    place = template(host, path)
    old, new = first.files.get(place), last.files.get(place)
    if old is None or new is None:
        return ""
    if old == new:
        return f"as in the snapshots from {first.when} to {last.when}"
    lines = _changed(old.splitlines(), new.splitlines())
    return f"from {first.when} to {last.when}: {'; '.join(lines)}"


def _changed(old: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    """Return the lines that went and came, each with its sign, a few of them."""
    compared = difflib.unified_diff(list(old), list(new), n=0, lineterm="")
    found = [line for line in list(compared)[2:] if not line.startswith("@@")]
    shown = tuple(line[:120] for line in found[:6])
    rest = len(found) - len(shown)
    return (*shown, f"and {rest} lines more") if rest > 0 else shown
