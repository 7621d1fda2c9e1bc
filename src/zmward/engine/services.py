"""After the writes: sections rendered, units reloaded, services restarted, awaited."""

from collections.abc import Iterable

import msgspec

from zmward.catalog.actions import (
    ACTIONS,
    ONLY_RESTARTED,
    RESTART_ORDER,
    RESTARTS,
    argv,
)
from zmward.catalog.rendering import rendered
from zmward.catalog.triggers import SECTIONS
from zmward.change import Act, Change, SetAttr, WriteFile
from zmward.doors.files import must
from zmward.doors.zmprov import ZmprovDirectory
from zmward.engine.journal import Journal
from zmward.engine.perform import act
from zmward.engine.rendered import outputs, stale, stamps
from zmward.engine.site import Site
from zmward.errors import Fault, ZmwardError
from zmward.plan import Plan, Step

_READY = 900
_RENDERED = 90
_POSTCONF = "/opt/zimbra/common/sbin/postconf"
# What zmconfigd would restart after its own round; a forced round restarts nothing.
_OWN_NAMES = {"amavis": "antispam", "sasl": "mta"}
_STATUS = {
    "mailbox": "/opt/zimbra/bin/zmmailboxdctl",
    "nginxproxy": "/opt/zimbra/bin/zmproxyctl",
    "memcached": "/opt/zimbra/bin/zmmemcachedctl",
    "antispam": "/opt/zimbra/bin/zmamavisdctl",
    "antivirus": "/opt/zimbra/bin/zmantivirusctl",
    "opendkim": "/opt/zimbra/bin/zmopendkimctl",
    "cbpolicyd": "/opt/zimbra/bin/zmcbpolicydctl",
    "mta": "/opt/zimbra/bin/zmmtactl",
    "ldap": "/opt/zimbra/bin/ldap",
    "all": "/opt/zimbra/bin/zmcontrol",
}
# Zimbra's own names of the services that a server entry enables.
_ENABLED = {"nginxproxy": "proxy", "antispam": "amavis"}


class Work(msgspec.Struct, frozen=True):
    """What must follow some changes: sections, units, services."""

    sections: tuple[str, ...]
    units: tuple[str, ...]
    services: tuple[str, ...]
    left: tuple[str, ...] = ()


def here(plan: Plan, step: Step) -> bool:
    """Say whether a step works on the plan's own host."""
    return not step.reaches or host_of(plan) in step.reaches


def other_nodes(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Return the other nodes on which zmconfigd renders by itself, and what."""
    found: dict[str, dict[str, None]] = {}
    for step in plan.steps:
        own = [name for name in step.renders if name in SECTIONS]
        for node in step.reaches if own else ():
            if node != host_of(plan):
                found.setdefault(node, {}).update(dict.fromkeys(own))
    return {node: tuple(names) for node, names in found.items()}


def following(plan: Plan, steps: Iterable[int]) -> Work:
    """Return what follows these steps of a plan, each once, in Zimbra's order."""
    chosen = [plan.steps[n] for n in steps if here(plan, plan.steps[n])]
    changes = [step.change for step in chosen]
    named = [n for s in chosen for n in s.renders if n in SECTIONS and n != "dhparam"]
    units = [u for c in changes if isinstance(c, WriteFile) for u in c.reloads]
    wanted = {s for step in chosen for s in (*step.restarts, *step.restarted)}
    wanted = {_OWN_NAMES.get(service, service) for service in wanted}
    services = tuple(s for s in RESTART_ORDER if s in wanted)
    if "all" in services:
        services = ("all",)
    return Work(
        sections=tuple(dict.fromkeys(named)),
        units=tuple(dict.fromkeys(units)),
        services=services,
        left=tuple(sorted(wanted - set(RESTART_ORDER))),
    )


def enabled(site: Site, host: str, services: Iterable[str]) -> tuple[str, ...]:
    """Return those services that run on this host."""
    wanted = tuple(services)
    if not wanted:
        return ()
    here = set(services_of(site, host))
    return tuple(s for s in wanted if s == "all" or {s, _ENABLED.get(s, s)} & here)


def services_of(site: Site, host: str) -> tuple[str, ...]:
    """Return the services that the host's entry enables."""
    asked = site.directory.read(f"server:{host}", ("zimbraServiceEnabled",))
    return asked.get("zimbraServiceEnabled") or ()


def parameters(site: Site, host: str, changes: Iterable[Change]) -> dict[str, str]:
    """Return the Postfix parameters that must come out of the rendering on a host.

    A value of the host's own hides a global one, and others' are rendered elsewhere.
    """
    own = f"server:{host}"
    asked = [
        change
        for change in changes
        if isinstance(change, SetAttr) and change.target in {own, "global"}
    ]
    names = [change.attribute for change in asked if rendered(change.attribute, ())]
    mine = site.directory.read(own, names) if names else {}
    found: dict[str, str] = {}
    for change in asked:
        hidden = change.target == "global" and mine.get(change.attribute)
        if change.after is not None and not hidden:
            found |= rendered(change.attribute, change.after)
    return found


def _words(value: str) -> list[str]:
    """Return the words of a parameter: Postfix takes commas for blanks."""
    return sorted(value.replace(",", " ").split())


def _matches(site: Site, wanted: dict[str, str]) -> bool:
    done = site.door.run((_POSTCONF, "-h", *wanted), user="zimbra")
    lines = done.out.decode("utf-8", "replace").splitlines()
    if done.code or len(lines) != len(wanted):
        return False
    return all(
        _words(now) == _words(value)
        for now, value in zip(lines, wanted.values(), strict=True)
    )


def render(
    site: Site,
    sections: tuple[str, ...],
    wanted: dict[str, str],
    services: tuple[str, ...] = (),
) -> None:
    """Have zmconfigd render sections and wait for what must come out.

    `services` are those of the host; only a section that runs there is waited for.
    """
    if not sections:
        return
    files = outputs(site.door, sections, services)
    before = stamps(site.door, files)
    site.talk(f"zmconfigd renders {', '.join(sections)}")
    row = ACTIONS["render"]
    words = argv("render", sections)
    must(site.door.run(words, user=row.user, seconds=row.seconds), "render", row.about)

    def late() -> tuple[str, ...]:
        return stale(files, before, stamps(site.door, files)) if before else ()

    if not site.wait(lambda: not late(), _RENDERED, 1):
        names = ", ".join(late())
        said = f"zmconfigd has not written {names} within {_RENDERED} s"
        raise Fault("render", said, "zmconfigd")
    if wanted and not site.wait(lambda: _matches(site, wanted), _RENDERED, 1):
        names = ", ".join(wanted)
        raise Fault("render", f"not rendered within {_RENDERED} s: {names}", "postconf")


def reload(site: Site, units: Iterable[str]) -> None:
    """Let units read their files anew."""
    for unit in units:
        site.talk(f"{unit} reloads")
        verb = "restart" if unit in ONLY_RESTARTED else "reload-or-restart"
        argv = ("systemctl", verb, "--", unit)
        must(site.door.run(argv, seconds=120), "reload", unit)
        if site.door.run(("systemctl", "is-active", "-q", "--", unit)).code:
            raise Fault("reload", "the unit does not run afterwards", unit)


def _ready(site: Site, service: str) -> bool:
    program = _STATUS[service]
    argv = (program, "status")
    return not site.door.run(argv, user="zimbra", seconds=120).code


def _settled(site: Site, service: str) -> bool:
    """Wait for a mailboxd that is still starting; say whether it answers, or is down.

    Choosing the way to the directory does the waiting.
    """
    site.reopen()
    if service not in {"mailbox", "all"}:
        return True
    way = site.opened()
    return not (isinstance(way, ZmprovDirectory) and way.beside)


def restart(site: Site, service: str) -> None:
    """Restart one service and wait until it is ready."""
    action = RESTARTS[service]
    # A restart in the midst of a start would only make the outage longer.
    if not _settled(site, service):
        site.talk("mailboxd has not come up by itself, so it is restarted")
    site.talk(ACTIONS[action].about)
    act(site.door, Act("", action))
    if not site.wait(lambda: _ready(site, service), _READY, 2):
        raise Fault("restart", f"not ready within {_READY} s", service)
    if not _settled(site, service):
        raise Fault("restart", f"it runs, but gave no answer in {_READY} s", service)


def follow(
    site: Site, plan: Plan, work: Work, journal: Journal, changes: Iterable[Change]
) -> None:
    """Do all that follows, each announced in the journal first."""
    host = host_of(plan)
    site.held()
    if work.sections:
        journal.write("render", note=" ".join(work.sections))
        wanted = parameters(site, host, changes)
        render(site, work.sections, wanted, services_of(site, host))
    for unit in work.units:
        site.held()
        journal.write("reload", note=unit)
        reload(site, (unit,))
    for service in enabled(site, host, work.services):
        site.held()
        journal.write("restart", note=service)
        restart(site, service)


def flush(site: Site, changes: Iterable[Change]) -> None:
    """Make every mailbox server forget the old values; one that is down has none."""
    kinds = {c.target.partition(":")[0] for c in changes if isinstance(c, SetAttr)}
    if not kinds:
        return
    try:
        site.directory.flush(sorted(kinds))
    except ZmwardError as error:
        site.talk(f"the caches were not flushed, they last 15 minutes: {error}")


def host_of(plan: Plan) -> str:
    """Return the server entry of the host that the plan is for."""
    for step in plan.steps:
        if not isinstance(step.change, SetAttr):
            return step.change.target
    return plan.host.name.partition(",")[0]
