"""What differs between two states of the configuration: values, or lines of texts."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from zmward.configuration.merged import FORMAT, STALE
from zmward.configuration.snapshot import Files, is_object
from zmward.configuration.written import Object, Value, parse

_CONTEXT: Final = 2

How = Literal["added", "removed", "changed"]


class Difference(msgspec.Struct, frozen=True):
    """One attribute, key or text that differs.

    `object` is the label that plans use, `global` or `domain:NAME`, or
    `localconfig:NODE`; of a text it is empty. `added` and `removed` are values as they
    are shown, of a text its lines; a `secret` shows no value. `lines` is a text's
    difference with context.
    """

    path: str
    how: How
    object: str = ""
    name: str = ""
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    secret: bool = False
    lines: tuple[str, ...] = ()


def label(found: Object) -> str:
    """Return the label of an object."""
    alone = found.kind in ("global", "grants", "administrators")
    return found.kind if alone else f"{found.kind}:{found.name}"


def _shown(value: Value) -> str:
    return f"(secret, {value.text})" if value.secret else value.text


def _how(*, was: bool, now: bool) -> How:
    return "changed" if was and now else "added" if now else "removed"


def _values(path: str, was: Object | None, now: Object | None) -> Iterator[Difference]:
    one = now or was
    if one is None:
        return
    old = was.values if was else {}
    new = now.values if now else {}
    for name in sorted({*old, *new}, key=lambda name: (name.lower(), name)):
        before, after = set(old.get(name, ())), set(new.get(name, ()))
        if before == after:
            continue
        yield Difference(
            path=path,
            how=_how(was=name in old, now=name in new),
            object=label(one),
            name=name,
            removed=tuple(_shown(value) for value in sorted(before - after)),
            added=tuple(_shown(value) for value in sorted(after - before)),
            secret=any(value.secret for value in before ^ after),
        )


def _objects(path: str, was: str | None, now: str | None) -> Iterator[Difference]:
    old = None if was is None else parse(was, path)
    new = None if now is None else parse(now, path)
    one = new or old
    if one is not None and (old is None or new is None):
        how = _how(was=old is not None, now=new is not None)
        yield Difference(path=path, how=how, object=label(one))
    yield from _values(path, old, new)


def _text(path: str, was: str | None, now: str | None) -> Difference:
    old, new = (was or "").splitlines(), (now or "").splitlines()
    found = tuple(difflib.unified_diff(old, new, n=_CONTEXT, lineterm=""))[2:]
    return Difference(
        path=path,
        how=_how(was=was is not None, now=now is not None),
        removed=tuple(line[1:] for line in found if line.startswith("-")),
        added=tuple(line[1:] for line in found if line.startswith("+")),
        lines=found,
    )


def differences(was: Files, now: Files) -> tuple[Difference, ...]:
    """Return what differs, path by path, values by name."""
    found: list[Difference] = []
    for path in sorted({*was, *now} - {FORMAT}):
        old, new = was.get(path), now.get(path)
        if old == new:
            continue
        if is_object(path):
            found += _objects(path, old, new)
        else:
            found.append(_text(path, old, new))
    return tuple(found)


def told(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Return the differences of the configuration alone, without what is stale."""
    return tuple(one for one in found if one.path != STALE)
