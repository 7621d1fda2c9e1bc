"""Takes one change back, or says why it stays.

now = before    nothing to do
now = after     ours: the old value is put back
otherwise       another hand was there since: left alone and named;
of a list, only what we added and removed is reverted
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from zmward.catalog.actions import ACTIONS
from zmward.catalog.attributes import attributes as schema
from zmward.change import (
    Act,
    Change,
    InstallPackage,
    Mode,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    WriteFile,
)
from zmward.doors.files import beside, discard, replace_file, set_mode
from zmward.doors.local_settings import (
    PATH,
    own_values,
    read_settings,
    restore_settings,
    write_setting,
)
from zmward.doors.packet_filter import loaded_by, restore_rules, standing_rules
from zmward.doors.postfix import write_parameter
from zmward.doors.system import read_unit, write_crontab, write_unit
from zmward.engine.boot_rules import forget_rules
from zmward.engine.flags import lifted
from zmward.engine.present import (
    after,
    before,
    label,
    missed,
    present,
    same,
    standing,
)
from zmward.engine.site import Site
from zmward.engine.state import known
from zmward.errors import Fault, Refused, Unreachable, ZmwardError
from zmward.ruleset import LoadRuleset


class Settings(msgspec.Struct, frozen=True):
    """localconfig.xml as it was before one step: its bytes, mode and owners."""

    content: bytes
    mode: Mode


Fate = Literal["undone", "as-before", "kept", "stays", "not-undone"]
Values = tuple[str, ...] | None


class Undone(msgspec.Struct, frozen=True):
    """What became of one step when it was to be taken back."""

    step: int
    name: str
    fate: Fate
    note: str = ""


def reverted(change: SetAttr, now: Values) -> Values:
    """Return a list as it is now, without what we added, with what we removed."""
    old, ours, there = change.before or (), change.after or (), now or ()
    left = [value for value in there if value in old or value not in ours]
    back = [value for value in old if value not in ours and value not in left]
    return (*left, *back) or None


def _mergeable(change: SetAttr) -> bool:
    row = schema().get(change.attribute)
    return bool(row and row.multi) and None not in {change.before, change.after}


def _wanted(change: SetAttr, now: Values) -> Values | Fate:
    if same(now, change.before):
        return "as-before"
    if same(now, change.after):
        return change.before
    return reverted(change, now) if _mergeable(change) else "kept"


_ELSE = "changed by another hand since; left as it is"
_NOT_BACK = "the old state did not come back"
_NO_SUCH = "account.NO_SUCH_"


def undo_attributes(
    site: Site, steps: Sequence[tuple[int, SetAttr]]
) -> tuple[Undone, ...]:
    """Take back the attributes of one object in one request."""
    changes = [change for _, change in steps]
    fates: list[Undone] = []
    values: dict[str, Values] = {}
    for (step, change), now in zip(steps, standing(site, changes), strict=True):
        wanted = _wanted(change, now if isinstance(now, tuple) else None)
        fate: Fate = "undone"
        note = ""
        if isinstance(wanted, str):
            fate, note = wanted, _ELSE if wanted == "kept" else ""
        elif same(wanted, now):
            fate = "as-before"
        else:
            values[change.attribute] = wanted
            if not same(now, change.after):
                note = "only our own additions and removals, the list has changed since"
        fates.append(Undone(step, label(change), fate, note))
    if values:
        site.directory.write(changes[0].target, values)
        found = site.directory.read(changes[0].target, tuple(values))
        for name, value in values.items():
            if not same(found.get(name) or None, value):
                fates = _broken(fates, changes, name)
    return tuple(fates)


def _broken(
    fates: Sequence[Undone], changes: Sequence[SetAttr], name: str
) -> list[Undone]:
    note = "the old value did not come back"
    return [
        Undone(fate.step, fate.name, "not-undone", note)
        if change.attribute == name
        else fate
        for fate, change in zip(fates, changes, strict=True)
    ]


def _restore_setting(
    site: Site, change: SetLocalConfig, old: Settings | None, token: str
) -> None:
    """Put the file's bytes back where only our change lies between."""
    now = own_values(read_settings(site.door))
    if old is not None:
        expected = {**own_values(old.content), change.key: change.after}
        expected = {key: value for key, value in expected.items() if value is not None}
        if dict(now) == expected:
            restore_settings(site.door, old.content, old.mode, token)
            return
    write_setting(site.door, change.key, change.before)


def _restore(site: Site, change: Change, old: Settings | None, token: str) -> None:
    match change:
        case SetLocalConfig():
            _restore_setting(site, change, old, token)
        case WriteFile():
            replace_file(site.door, change.path, change.before, token=token)
        case SetMode():
            set_mode(site.door, change.path, change.before)
        case SetParameter():
            write_parameter(site.door, change.parameter, change.before)
        case SetCrontab():
            write_crontab(site.door, change.user, change.before)
        case SetAttr() | SetUnit() | LoadRuleset() | InstallPackage() | Act():
            raise TypeError("nothing to restore one by one")


def _half(change: Change, now: object) -> bool:
    """Say whether a change that takes two commands broke off between them."""
    if isinstance(change, SetMode) and isinstance(now, Mode):
        old, new = change.before.mode, change.after.mode
        # chown clears the set-user and set-group bits.
        modes = {m & bits for m in (old, new) for bits in (0o777, 0o7777)}
        owners = {change.before.owner, change.after.owner}
        groups = {change.before.group, change.after.group}
        return now.mode in modes and now.owner in owners and now.group in groups
    return False


def _unit(site: Site, step: int, change: SetUnit, token: str) -> Undone:
    """Give back what we switched; what we did not is another hand's."""
    name = label(change)
    try:
        now = read_unit(site.door, change.unit)
    except Refused as error:
        return Undone(step, name, "kept", str(error))
    wanted, theirs = now, []
    for word, about in (
        ("enabled", "whether it starts at boot"),
        ("active", "its run"),
    ):
        old, ours = getattr(change.before, word), getattr(change.after, word)
        if old != ours:
            wanted = msgspec.structs.replace(wanted, **{word: old})
        elif getattr(now, word) != old:
            theirs.append(about)
    if wanted != now:
        with lifted(site.door, known(token), change):
            write_unit(site.door, change.unit, wanted)
        if read_unit(site.door, change.unit) != wanted:
            return Undone(step, name, "not-undone", _NOT_BACK)
    if theirs:
        return Undone(step, name, "kept", f"{' and '.join(theirs)}: {_ELSE}")
    return Undone(step, name, "as-before" if wanted == now else "undone")


def _package(site: Site, step: int, change: InstallPackage) -> Undone:
    if not present(site, change):
        return Undone(step, label(change), "as-before")
    note = "installed packages stay, with the users and units that they made"
    return Undone(step, label(change), "stays", note)


def _ruleset(site: Site, step: int, change: LoadRuleset, token: str) -> Undone:
    """Give the old rules back, also where those of the next boot cannot be forgotten.

    What is loaded now keeps the operator out, or does not; the boot comes later.
    """
    said, failed = "", ""
    try:
        said = forget_rules(site.door, known(token))
    except Fault as error:
        failed = str(error)
    found = _loaded(site, step, change, token, said)
    if failed:
        return msgspec.structs.replace(found, fate="not-undone", note=failed)
    return found


def _loaded(
    site: Site, step: int, change: LoadRuleset, token: str, said: str
) -> Undone:
    """Give the old rules back where ours are loaded, even if somebody changed them.

    The table is zmward's own, and what it lets in decides who can still log in.
    """
    name = label(change)
    if change.after is not None and not loaded_by(site.door, change.after, token):
        now = standing_rules(site.door, change.before)
        fate: Fate = "as-before" if now == change.before else "kept"
        note = _ELSE if fate == "kept" else ""
        return Undone(step, name, fate, "; ".join(filter(None, (note, said))))
    restore_rules(site.door, change.before, change.after)
    if standing_rules(site.door, change.before) != change.before:
        return Undone(step, name, "not-undone", _NOT_BACK)
    return Undone(step, name, "undone", said)


def _value(
    site: Site, step: int, change: Change, old: Settings | None, token: str
) -> Undone:
    name = label(change)
    paths = {WriteFile: getattr(change, "path", ""), SetLocalConfig: PATH}
    path = paths.get(type(change))
    if path:
        discard(site.door, (beside(path, token),))
    now = present(site, change)
    if same(now, before(change)):
        return Undone(step, name, "as-before")
    if not same(now, after(change)) and not _half(change, now):
        return Undone(step, name, "kept", _ELSE)
    with lifted(site.door, known(token), change):
        _restore(site, change, old, token)
    inverse = change.inverse()
    if inverse is None or missed(site, (inverse,)):
        return Undone(step, name, "not-undone", _NOT_BACK)
    return Undone(step, name, "undone")


def _one(
    site: Site, step: int, change: Change, old: Settings | None, token: str
) -> Undone:
    match change:
        case Act(action=action):
            leaves = ACTIONS[action].leaves
            fate: Fate = "stays" if leaves else "as-before"
            return Undone(step, label(change), fate, leaves)
        case SetUnit():
            return _unit(site, step, change, token)
        case InstallPackage():
            return _package(site, step, change)
        case LoadRuleset():
            return _ruleset(site, step, change, token)
        case _:
            return _value(site, step, change, old, token)


def undo(
    site: Site,
    steps: Sequence[tuple[int, Change]],
    token: str,
    old: Settings | None = None,
) -> tuple[Undone, ...]:
    """Take one group back; what fails is named, and the rest goes on."""
    own = [(n, change) for n, change in steps if isinstance(change, SetAttr)]
    try:
        if own:
            return undo_attributes(site, own)
        return tuple(_one(site, n, change, old, token) for n, change in steps)
    except Unreachable:
        raise
    except Fault as error:
        gone = own and error.fault.startswith(_NO_SUCH)
        fate: Fate = "kept" if gone else "not-undone"
        note = f"{error.text}; another hand has removed it" if gone else str(error)
        return tuple(Undone(n, label(change), fate, note) for n, change in steps)
    except ZmwardError as error:
        return tuple(
            Undone(n, label(change), "not-undone", str(error)) for n, change in steps
        )
