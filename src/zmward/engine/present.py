"""What stands now in the place of a change, in the words of the change."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from zmward.change import (
    Act,
    Change,
    FileText,
    InstallPackage,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetParameter,
    SetUnit,
    WriteFile,
)
from zmward.doors.files import read_file, read_mode
from zmward.doors.local_settings import own_values, read_settings
from zmward.doors.packet_filter import standing_rules
from zmward.doors.postfix import read_parameter
from zmward.doors.system import installed, read_crontab, read_unit
from zmward.engine.site import Site
from zmward.ruleset import LoadRuleset


def label(change: Change) -> str:
    """Return how messages name a change."""
    if isinstance(change, SetAttr):
        return f"{change.attribute} of {change.target}"
    return " ".join(word for word in (change.place[0], *change.place[2:]))


def groups(changes: Iterable[tuple[int, Change]]) -> Iterator[tuple[int, ...]]:
    """Yield the numbers of changes that are carried out as one request."""
    group: list[int] = []
    target = ""
    for number, change in changes:
        own = change.target if isinstance(change, SetAttr) else ""
        if group and (not own or own != target):
            yield tuple(group)
            group = []
        group.append(number)
        target = own
    if group:
        yield tuple(group)


def same(one: object, two: object) -> bool:
    """Compare two values of one place: values of an attribute are a set."""
    if isinstance(one, tuple) and isinstance(two, tuple):
        return frozenset(one) == frozenset(two)
    return one == two


def present(site: Site, change: Change) -> object:  # noqa: C901, PLR0911  # one a kind
    """Return what stands there now; for an attribute, see `attributes`."""
    match change:
        case SetAttr():
            return attributes(site, (change,))[change.attribute]
        case SetLocalConfig():
            return own_values(read_settings(site.door)).get(change.key)
        case WriteFile():
            return _file(read_file(site.door, change.path), change)
        case SetMode():
            return read_mode(site.door, change.path)
        case SetParameter():
            return read_parameter(site.door, change.parameter)
        case SetCrontab():
            return read_crontab(site.door, change.user)
        case SetUnit():
            return read_unit(site.door, change.unit)
        case LoadRuleset():
            return standing_rules(site.door, change.before, change.after)
        case InstallPackage():
            return installed(site.door, change.package, change.manager)
        case Act():
            return None


def _file(found: FileText | None, change: WriteFile) -> FileText | None:
    """Return a file as the change knows it: no file says that it is secret."""
    secret = any(side and side.secret for side in (change.before, change.after))
    return found and msgspec.structs.replace(found, secret=secret)


def attributes(
    site: Site, changes: Sequence[SetAttr]
) -> dict[str, tuple[str, ...] | None]:
    """Return the own values of one object, all of them in one question."""
    wanted = tuple(change.attribute for change in changes)
    found = site.directory.read(changes[0].target, wanted)
    return {name: found.get(name) or None for name in wanted}


def before(change: Change) -> object:
    """Return what a change expects to find."""
    return False if isinstance(change, InstallPackage) else getattr(change, "before", 0)


def after(change: Change) -> object:
    """Return what a change leaves."""
    return True if isinstance(change, InstallPackage) else getattr(change, "after", 0)


def _where(site: Site, changes: Sequence[Change]) -> dict[int, object]:
    own = [change for change in changes if isinstance(change, SetAttr)]
    if own:
        found = attributes(site, own)
        return {n: found[change.attribute] for n, change in enumerate(own)}
    return {n: present(site, change) for n, change in enumerate(changes)}


def standing(site: Site, changes: Sequence[Change]) -> tuple[object, ...]:
    """Return what stands in the places of a group, one question an object."""
    return tuple(_where(site, changes).values())


def moved(site: Site, changes: Sequence[Change]) -> tuple[str, ...]:
    """Name each change of a group whose place is not as the plan expects."""
    return tuple(
        label(change)
        for change, now in zip(changes, standing(site, changes), strict=True)
        if not isinstance(change, Act) and not same(now, before(change))
    )


def missed(site: Site, changes: Sequence[Change]) -> tuple[str, ...]:
    """Name each change of a group that is not in force where it was written."""
    return tuple(
        label(change)
        for change, now in zip(changes, standing(site, changes), strict=True)
        if not isinstance(change, Act) and not same(now, after(change))
    )
