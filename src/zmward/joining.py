"""Cures of one place become one change, or a conflict that names both wishes.

an attribute       of several values: what each adds and removes, on the same old set
a drop-in of ours  what each adds and removes, line by line, on the same old text
anything else      all must want the same
"""

import re
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from zmward.catalog.attributes import attributes
from zmward.change import Change, FileText, SetAttr, WriteFile

# Files of which zmward alone is the author: a line in them says one thing.
_OURS = re.compile(
    r"/etc/(ssh/sshd_config\.d/|apt/apt\.conf\.d/)[0-9]{2}-?zmward[.a-z]*"
)
# One value of these is a whole list: two of them would be added up, never narrowed.
_WHOLE = frozenset({"zimbraMtaMyNetworks"})
# The word by which two lines of a drop-in would contradict each other.
_WORD = re.compile(r"([^\s=\"]+)")


class Conflict(Exception):  # it names two wishes, nothing broke
    """Two cures want different things of one place."""


def _agree(changes: Iterable[SetAttr]) -> None:
    """Refuse two values for one header, wherever an attribute lists headers."""
    headers: dict[str, str] = {}
    for change in changes:
        for value in set(change.after or ()) - set(change.before or ()):
            name, colon, _ = value.partition(":")
            other = headers.setdefault(name.lower(), value)
            if colon and other != value:
                place = f"{change.attribute} on {change.target}"
                raise Conflict(f"{place}: {', '.join(sorted((other, value)))}")


def _attribute(changes: Sequence[SetAttr]) -> SetAttr:
    """Join cures of one attribute: what each adds and removes, on the same old set."""
    first = changes[0]
    if any(change.before != first.before for change in changes):
        raise Conflict(f"{first.attribute}: two old values of one place")
    if all(change.after == first.after for change in changes):
        return first
    whole = first.attribute in _WHOLE
    if whole or not attributes()[first.attribute].multi:
        wishes = {" ".join(change.after or ("(unset)",)) for change in changes}
        named = ", ".join(sorted(wishes))
        raise Conflict(f"{first.attribute} on {first.target}: {named}")
    before = first.before or ()
    added: dict[str, None] = {}
    removed: set[str] = set()
    _agree(changes)
    for change in changes:
        added |= dict.fromkeys(v for v in change.after or () if v not in before)
        removed |= set(before) - set(change.after or ())
    kept = [value for value in before if value not in removed]
    after = (*kept, *(value for value in added if value not in kept))
    if not after and first.target != "global" and any(c.after for c in changes):
        place = f"{first.attribute} on {first.target}"
        raise Conflict(f"{place}: together they leave nothing, and it would inherit")
    return SetAttr(first.target, first.attribute, first.before, after or None)


def _agreed(lines: Iterable[str], path: str) -> None:
    """Refuse two values for one word; one that ends in `::` is a list of apt's."""
    said: dict[str, str] = {}
    for line in lines:
        word = _WORD.match(line)
        if word is None or line.startswith("#") or word[1].endswith("::"):
            continue
        other = said.setdefault(word[1].lower(), line)
        if other != line:
            raise Conflict(f"{path}: {', '.join(sorted((other, line)))}")


def _file(changes: Sequence[WriteFile]) -> WriteFile:
    """Join cures of one drop-in, line by line."""
    first = changes[0]
    if any(change.before != first.before for change in changes):
        raise Conflict(f"{first.path}: two old texts of one file")
    old = first.before.text.splitlines() if first.before else []
    added: dict[str, None] = {}
    removed: set[str] = set()
    for change in changes:
        if change.after is None or change.validator != first.validator:
            raise Conflict(f"{first.path}: two wishes for one place")
        new = change.after.text.splitlines()
        added |= dict.fromkeys(line for line in new if line not in old)
        removed |= set(old) - set(new)
    if len({replace(c.after, text="") for c in changes if c.after}) > 1:
        raise Conflict(f"{first.path}: two modes or owners of one file")
    kept = [line for line in old if line not in removed]
    _agreed((*kept, *added), first.path)
    text = "".join(f"{line}\n" for line in (*kept, *added))
    reloads = dict.fromkeys(unit for change in changes for unit in change.reloads)
    after = replace(first.after or FileText(""), text=text)
    return replace(first, after=after, reloads=tuple(reloads))


def joined(changes: Sequence[Change]) -> Change:
    """Return the one change that does what all of them want of their place."""
    first = changes[0]
    same = [change for change in changes if isinstance(change, SetAttr)]
    if len(same) == len(changes):
        return _attribute(same)
    if all(change == first for change in changes):
        return first
    files = [change for change in changes if isinstance(change, WriteFile)]
    if len(files) == len(changes) and _OURS.fullmatch(files[0].path):
        return _file(files)
    raise Conflict(f"{' '.join(first.place[1:])}: two wishes for one place")
