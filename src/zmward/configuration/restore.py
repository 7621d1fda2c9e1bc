"""From an earlier state and what is seen now to the changes that bring it back.

The values before each change are those of now, so a plan is stale once they move.
What no kind of change can express, and every secret, is named with the reason.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.catalog.attributes import attributes
from zmward.change import Change, SetAttr, SetCrontab, SetLocalConfig
from zmward.configuration.compare import Difference, differences
from zmward.configuration.merged import STALE, merged, stale
from zmward.configuration.not_restored import ATTRIBUTES, SECRET, TEXTS, WHOLE
from zmward.configuration.sealed import SEALED
from zmward.configuration.snapshot import Files, Group, folder
from zmward.configuration.written import Value, parse
from zmward.plan import Left

_OBJECTS: Final = ("global", "server", "domain", "cos")
_UNKNOWN: Final = "it was not seen now: "
_UNSEEN_THEN: Final = "it was not seen then: "
_UNCOMPARED: Final = "it is a secret, and whether it changed was not seen"
_NO_MORE: Final = "it holds a password that is masked"
_MASKS: Final = (SEALED, "masked", "zmward:secret")
_SEVERAL: Final = "one of its several values has several lines"


class Restored(msgspec.Struct, frozen=True):
    """The changes that bring a state back, and what is left out."""

    changes: tuple[Change, ...]
    left: tuple[Left, ...]


class _Sides(msgspec.Struct, frozen=True):
    """The earlier files, and those of now."""

    then: Files
    now: Files

    def values(self, one: Difference) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
        """Return an attribute's values now and then."""
        now = parse(self.now[one.path], one.path).values
        then = parse(self.then[one.path], one.path).values
        return now.get(one.name, ()), then.get(one.name, ())


def _texts(values: tuple[Value, ...]) -> tuple[str, ...] | None:
    return tuple(value.text for value in values) or None


def _hidden(values: Iterable[Value]) -> bool:
    return any(
        value.secret or any(mark in value.text for mark in _MASKS) for value in values
    )


def _attribute(one: Difference, sides: _Sides) -> Change | str:
    reason = ATTRIBUTES.get(one.name.lower())
    if reason:
        return reason
    now, then = sides.values(one)
    if _hidden((*now, *then)):
        return SECRET
    row = attributes().get(one.name)
    several = row is None or row.multi
    if several and any("\n" in value.text for value in (*now, *then)):
        return _SEVERAL
    return SetAttr(one.object, one.name, _texts(now), _texts(then))


def _key(one: Difference, sides: _Sides) -> Change | str:
    now, then = sides.values(one)
    if _hidden((*now, *then)):
        return SECRET
    own = [(_texts(values) or (None,))[0] for values in (now, then)]
    return SetLocalConfig(one.object.partition(":")[2], one.name, *own)


def _part(path: str) -> str:
    """Return which kind of file a path is: its first part, or that below its node."""
    parts = path.split("/")
    return parts[2] if parts[0] == "nodes" else parts[0]


def _crontab(one: Difference, sides: _Sides, host: str) -> Change | str:
    if not one.path.startswith(folder(host)):
        return "make the plan of that node there"
    now, then = sides.now.get(one.path), sides.then.get(one.path)
    if then is None or now is None:
        return f"{_UNSEEN_THEN}the history holds no crontab of that day"
    if any(mark in text for text in (now, then) for mark in _MASKS):
        return _NO_MORE
    return SetCrontab(host, "zimbra", now, then)


def _change(one: Difference, sides: _Sides, host: str) -> Change | str:
    """Return the change that takes a difference back, or why there is none."""
    part, kind = _part(one.path), one.object.partition(":")[0]
    if part in TEXTS:
        return TEXTS[part]
    if part == "crontab":
        return _crontab(one, sides, host)
    if not one.name:
        return WHOLE
    if kind in _OBJECTS:
        return _attribute(one, sides)
    return _key(one, sides) if kind == "localconfig" else WHOLE


def _kept_only(path: str, then: Files) -> str:
    """Say why a path was not seen when the earlier state was; empty where it was."""
    lost = stale(then).items()
    return next((why for place, why in lost if Group(place).owns(path)), "")


def _whole(found: Iterable[Difference]) -> frozenset[str]:
    """Return the paths of objects that are there on one side only."""
    return frozenset(one.path for one in found if one.object and not one.name)


def _unseen(then: Files, groups: Iterable[Group]) -> Iterator[Left]:
    """Yield what the earlier state holds and nobody saw now."""
    groups = tuple(groups)
    for group in groups:
        if group.missing:
            yield Left(group.place, f"{_UNKNOWN}{group.missing}")
    unasked = {path for path in then if not any(group.owns(path) for group in groups)}
    places = {_place(path) for path in unasked if "/" in path}
    yield from (Left(place, f"{_UNKNOWN}nothing asked for it") for place in places)


def _place(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "nodes" else f"{parts[0]}/"


def label(one: Difference) -> str:
    """Return how a plan names a difference that it leaves."""
    return f"{one.object} {one.name}".strip() or one.path


def restored(then: Files, groups: Iterable[Group], host: str) -> Restored:
    """Return the changes that bring the state `then` back on a host.

    `groups` are what was seen now, with the same key as then.
    """
    groups = tuple(groups)
    after = merged(then, groups)
    now = after.files
    found = tuple(one for one in differences(then, now) if one.path != STALE)
    sides, whole = _Sides(then, now), _whole(found)
    changes: list[Change] = []
    left: list[Left] = []
    for one in found:
        if one.path in whole and one.name:
            continue
        lost = _kept_only(one.path, then)
        made = f"{_UNSEEN_THEN}{lost}" if lost else _change(one, sides, host)
        if isinstance(made, str):
            left.append(Left(label(one), made))
        else:
            changes.append(made)
    left += (Left(name, _UNCOMPARED) for name in after.uncompared)
    left += sorted(_unseen(then, groups), key=lambda row: row.control)
    return Restored(tuple(changes), tuple(left))
