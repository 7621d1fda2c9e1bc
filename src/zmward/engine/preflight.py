"""What must hold before the first change: right host, nobody else, nothing moved."""

import re
from collections.abc import Iterable, Mapping, Sequence

from zmward.catalog.attributes import attributes
from zmward.change import Act, Change, InstallPackage, SetAttr
from zmward.doors.directory import NATURE, Own, untouchable
from zmward.doors.files import look, must
from zmward.doors.host import Door
from zmward.doors.local_settings import PATH, own_values, read_settings
from zmward.doors.system import simulated
from zmward.engine.history import unfinished
from zmward.engine.present import after, before, label, present, same
from zmward.engine.site import Site
from zmward.engine.undo_script import lines
from zmward.errors import Fault, Refused, Stale
from zmward.guards import objection
from zmward.plan import Plan
from zmward.ruleset import LoadRuleset
from zmward.sources.identity import fingerprint

_MACHINE = "/etc/machine-id"
# Linux takes no longer word on a command line.
_LONGEST_WORD = 128 * 1024
_PERSON = re.compile(r"uid=([^,]+),ou=people,(dc=[^,]+(?:,dc=[^,]+)*)")
_CLUSTER = (
    *("pacemaker.service", "pacemaker_remote.service", "corosync.service"),
    *("keepalived.service", "heartbeat.service", "vcs.service"),
)


def _unwritable(change: SetAttr) -> str:
    """Say which value the rollback's script could not give back, and why."""
    row = attributes().get(change.attribute)
    if lines(change) and (row is None or row.multi):
        return "a value of several lines among several values"
    values = (*(change.before or ()), *(change.after or ()))
    if any(len(value.encode()) >= _LONGEST_WORD for value in values):
        return "a value longer than an argument of a program"
    return ""


def permitted(changes: Iterable[Change]) -> None:
    """Refuse what the catalog does not know, and values that no line can carry."""
    for change in changes:
        words = objection(change)
        if words:
            raise Refused(f"{label(change)}: {words}.")
        words = _unwritable(change) if isinstance(change, SetAttr) else ""
        if words:
            raise Refused(
                f"{label(change)}: {words}, which the rollback's script could not "
                "give back."
            )


def _called(door: Door) -> str:
    """Return how a plan calls a host: by Zimbra's name of it, where there is one."""
    if look(door, PATH) is not None:
        return own_values(read_settings(door)).get("zimbra_server_hostname", "")
    whole = door.run(("hostname", "-f"))
    done = must(door.run(("uname", "-n")), "uname", door.name)
    return (whole.out.strip() or done.out.strip()).decode("utf-8", "replace")


def right_host(door: Door, plan: Plan) -> None:
    """Refuse to work on another host than the plan's, or as another user than root."""
    if must(door.run(("id", "-u")), "id", door.name).out.strip() != b"0":
        raise Refused(f"{door.name}: repair needs root there.")
    found = must(door.run(("cat", "--", _MACHINE)), "read", _MACHINE).out
    machine = found.decode().strip()
    if not plan.host.machine:
        raise Refused(
            f"The plan does not say for which machine it is, so {door.name} may be "
            "another. Make it on the server, from its evidence or from a new report."
        )
    if plan.host.machine not in (machine, fingerprint(machine)):
        raise Refused(
            f"The plan is for the machine {plan.host.machine} ({plan.host.name}); "
            f"{door.name} is {machine}. Make a plan of this one."
        )
    name = _called(door)
    hosts = {s.change.target for s in plan.steps if not isinstance(s.change, SetAttr)}
    planned = {word.strip() for word in plan.host.name.split(",")}
    if name not in planned or hosts - {name}:
        others = ", ".join(sorted((hosts or planned) - {name}))
        raise Refused(
            f"{door.name} is the server {name or 'without a name'}, the plan "
            f"is for {others}."
        )


def unsuspicious(plan: Plan, found: Iterable[str], *, despite: bool) -> tuple[str, ...]:
    """Return the signs of compromise, old and new; refuse them unless told to go on."""
    signs = tuple(dict.fromkeys((*plan.signs, *found)))
    if signs and not despite:
        raise Refused(
            f"Signs of compromise: {', '.join(signs)}. A repair would cover the traces "
            f"and keep nobody out who is in: look first (`zmward audit --only "
            f"{','.join(signs)}`). --despite-signs-of-compromise goes on all the same."
        )
    return signs


def _restartless(changes: Iterable[Change]) -> bool:
    """Say whether no service can notice: rules of ours let cluster managers talk."""
    return all(isinstance(change, LoadRuleset) for change in changes)


def nobody_else(door: Door, changes: Iterable[Change]) -> None:
    """Refuse under a cluster manager, and while an earlier run is not finished."""
    for unit in () if _restartless(changes) else _CLUSTER:
        if not door.run(("systemctl", "is-active", "-q", "--", unit)).code:
            raise Refused(
                f"{unit} runs here: a restart could fail the service over. "
                "Take the node out of its hands first."
            )
    open_run = unfinished(door)
    if open_run:
        raise Refused(
            f"The run {open_run} is not finished: `zmward rollback {open_run}` takes "
            f"it back; if it was applied whole, `zmward confirm {open_run}` keeps it. "
            f"If neither can be done: `zmward history --forget {open_run} "
            "--even-though-not-taken-back`."
        )


def _in_use(door: Door) -> str:
    """Return the account that Zimbra's tools, and zmward, log in with.

    It is a principal without a domain, which is never touched, unless the site has
    named a person's account.
    """
    named = own_values(read_settings(door)).get("zimbra_ldap_userdn", "")
    person = _PERSON.fullmatch(named.lower())
    if person is None:
        return ""
    return f"account:{person[1]}@{'.'.join(re.findall('dc=([^,]+)', person[2]))}"


def _own(site: Site, changes: Sequence[Change]) -> Mapping[str, Own]:
    wanted: dict[str, list[str]] = {}
    for change in changes:
        if isinstance(change, SetAttr):
            nature = NATURE if change.target.startswith("account:") else ()
            place = wanted.setdefault(change.target, list(nature))
            place.append(change.attribute)
    try:
        found = site.directory.read_many(wanted) if wanted else {}
    except Fault as error:
        if not error.fault.startswith("account.NO_SUCH_"):
            raise
        raise Stale(
            f"The plan is out of date, nothing was changed: {error.text}. "
            "Make a new plan."
        ) from error
    accounts = {k: v for k, v in found.items() if k.startswith("account:")}
    ours = _in_use(site.door) if accounts else ""
    for target, values in accounts.items():
        if untouchable(values):
            raise Refused(f"{target} is a system account or a resource: not touched.")
        if target == ours:
            raise Refused(f"{target} is the account that Zimbra works as: not touched.")
    return found


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
    acts = any(isinstance(c, Act) and c.action != "render" for c in changes)
    if not acts and all(same(now, after(change)) for change, now in pairs):
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
