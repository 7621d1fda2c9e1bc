"""What must hold before the first change: right host, nobody else, nothing moved."""

import re
from collections.abc import Iterable, Mapping, Sequence

from zmward.catalog.actions import (
    ACTIONS,
    FILES,
    MODES,
    PACKAGES,
    UNITS,
    USERS_OF_CRONTABS,
)
from zmward.change import (
    Act,
    Change,
    InstallPackage,
    SetAttr,
    SetCrontab,
    SetLocalConfig,
    SetMode,
    SetUnit,
    WriteFile,
)
from zmward.doors.directory import Own
from zmward.doors.files import look, must
from zmward.doors.host import Door
from zmward.doors.local_settings import own_values, read_settings
from zmward.doors.system import simulated
from zmward.engine.history import unfinished
from zmward.engine.present import after, before, label, present, same
from zmward.engine.site import Site
from zmward.errors import Refused, Stale
from zmward.plan import Plan
from zmward.sources.masking import NO_SECRET, SECRET_KEY

_MACHINE = "/etc/machine-id"
_CLUSTER = ("pacemaker.service", "corosync.service", "keepalived.service")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def _allowed(change: Change) -> bool:  # noqa: PLR0911  # one a kind
    """Say whether the catalog knows what a change would touch."""
    match change:
        case WriteFile(path=path):
            return any(pattern.fullmatch(path) for pattern in FILES)
        case SetMode(path=path):
            return bool(MODES.fullmatch(path)) and ".." not in path.split("/")
        case SetUnit(unit=unit):
            return unit in UNITS
        case InstallPackage(package=package):
            return package in PACKAGES
        case SetCrontab(user=user):
            return user in USERS_OF_CRONTABS
        case Act(action=action):
            return action in ACTIONS
        case SetLocalConfig(key=key):
            secret = re.search(SECRET_KEY, key) and not re.search(NO_SECRET, key)
            return bool(re.fullmatch(r"[a-z][a-z0-9_]*", key)) and not secret
        case SetAttr():
            return True


def _values(change: Change) -> tuple[str, ...]:
    if isinstance(change, SetAttr):
        return (change.target, *(change.before or ()), *(change.after or ()))
    if isinstance(change, SetLocalConfig):
        return (change.before or "", change.after or "")
    return ()


def permitted(changes: Iterable[Change]) -> None:
    """Refuse what the catalog does not know, and values that no line can carry."""
    for change in changes:
        if not _allowed(change):
            raise Refused(f"{label(change)}: zmward may not change this.")
        if any(_CONTROL.search(value) for value in _values(change)):
            raise Refused(f"{label(change)}: a value holds control characters.")


def right_host(door: Door, plan: Plan) -> None:
    """Refuse to work on another host than the plan's, or as another user than root."""
    if must(door.run(("id", "-u")), "id", door.name).out.strip() != b"0":
        raise Refused(f"{door.name}: repair needs root there.")
    found = must(door.run(("cat", "--", _MACHINE)), "read", _MACHINE).out
    machine = found.decode().strip()
    if plan.host.machine and plan.host.machine != machine:
        raise Refused(
            f"The plan is for the machine {plan.host.machine} ({plan.host.name}); "
            f"{door.name} is {machine}. Make a plan of this one."
        )
    name = own_values(read_settings(door)).get("zimbra_server_hostname", "")
    hosts = {s.change.target for s in plan.steps if not isinstance(s.change, SetAttr)}
    planned = {word.strip() for word in plan.host.name.split(",")}
    if name not in planned or hosts - {name}:
        others = ", ".join(sorted((hosts or planned) - {name}))
        raise Refused(
            f"{door.name} is the Zimbra server {name or 'without a name'}, the plan "
            f"is for {others}."
        )


def nobody_else(door: Door) -> None:
    """Refuse under a cluster manager, and while an earlier run is not finished."""
    for unit in _CLUSTER:
        if not door.run(("systemctl", "is-active", "-q", "--", unit)).code:
            raise Refused(
                f"{unit} runs here: a restart could fail the service over. "
                "Take the node out of its hands first."
            )
    open_run = unfinished(door)
    if open_run:
        raise Refused(
            f"The run {open_run} is not finished: `zmward confirm {open_run}` keeps "
            f"it, `zmward rollback {open_run}` takes it back."
        )


def _own(site: Site, changes: Sequence[Change]) -> Mapping[str, Own]:
    wanted: dict[str, list[str]] = {}
    for change in changes:
        if isinstance(change, SetAttr):
            wanted.setdefault(change.target, []).append(change.attribute)
    return site.directory.read_many(wanted) if wanted else {}


def standing(site: Site, changes: Sequence[Change]) -> tuple[object, ...]:
    """Return what stands in every place, the directory asked once."""
    own = _own(site, changes)
    return tuple(
        own[change.target].get(change.attribute) or None
        if isinstance(change, SetAttr)
        else present(site, change)
        for change in changes
    )


def already(site: Site, changes: Sequence[Change]) -> bool:
    """Say whether everything is as the plan wants it; refuse what has moved."""
    real = [change for change in changes if not isinstance(change, Act)]
    found = standing(site, real)
    pairs = tuple(zip(real, found, strict=True))
    if all(same(now, after(change)) for change, now in pairs):
        return True
    moved = [label(change) for change, now in pairs if not same(now, before(change))]
    if moved:
        raise Stale(
            "The plan is out of date, nothing was changed. Since it was made, these "
            f"have moved: {'; '.join(moved)}. Make a new plan."
        )
    for change in real:
        if isinstance(change, InstallPackage):
            simulated(site.door, change.package, change.manager)
    return False


def not_fired(door: Door, fired: str) -> None:
    """Stop where the dead man's switch has begun to take the run back."""
    if look(door, fired) is not None:
        raise Refused("the dead man's switch has taken the run back meanwhile")
