"""The next state of the history: what was seen, on top of what was known.

An answer that could not be had deletes nothing: its files stay as they were and are
noted as stale. A secret of which only is known that it is set keeps its fingerprint.
"""

from collections.abc import Iterable

import msgspec

from zmward.configuration.sealed import is_fingerprint
from zmward.configuration.snapshot import Files, Group, is_object
from zmward.configuration.written import Object, Value, parse, render
from zmward.errors import BadFile

STALE = "stale.conf"
FORMAT = "zmward-configuration"
VERSION = "1\n"
_LONGEST = 200


class Next(msgspec.Struct, frozen=True):
    """The next state: all files, what is stale and why, and what was not compared.

    `uncompared` names secrets that are set, of which nobody knows whether they changed.
    """

    files: Files
    stale: dict[str, str]
    uncompared: tuple[str, ...] = ()


def stale(files: Files) -> dict[str, str]:
    """Return the groups that could not be had at last, and why."""
    text = files.get(STALE)
    if text is None:
        return {}
    found = parse(text, STALE).values
    return {place: some[0].text for place, some in found.items() if some}


def _only_set(values: tuple[Value, ...]) -> bool:
    return any(value.secret and value.text == "set" for value in values)


def _object(old: str, new: str, path: str) -> tuple[str, tuple[str, ...]]:
    """Return an object's new text with the fingerprints that are still known."""
    try:
        was, now = parse(old, path), parse(new, path)
    except BadFile:
        return new, ()
    kept = {
        name: was.values[name]
        for name, values in now.values.items()
        if _only_set(values) and any(map(is_fingerprint, was.values.get(name, ())))
    }
    if not kept:
        return new, ()
    values = {**now.values, **kept}
    names = tuple(f"{path}: {name}" for name in sorted(kept))
    return render(Object(now.kind, now.name, values)), names


def _note(reason: str) -> Value:
    return Value(" ".join(reason.split())[:_LONGEST] or "no answer")


def merged(before: Files, groups: Iterable[Group]) -> Next:
    """Return the state after a snapshot; what was not asked stays as it is."""
    files = dict(before)
    lost = stale(before)
    uncompared: list[str] = []
    for group in groups:
        if group.missing:
            lost[group.place] = group.missing
            continue
        lost.pop(group.place, None)
        for path in [path for path in files if group.owns(path)]:
            if path not in group.files:
                del files[path]
        for path, text in group.files.items():
            old = before.get(path)
            if old is not None and is_object(path):
                files[path], names = _object(old, text, path)
                uncompared += names
            else:
                files[path] = text
    files[FORMAT] = VERSION
    files.pop(STALE, None)
    if lost:
        values = {place: (_note(reason),) for place, reason in lost.items()}
        files[STALE] = render(Object("stale", "all", values))
    return Next(files, {p: _note(r).text for p, r in lost.items()}, tuple(uncompared))
