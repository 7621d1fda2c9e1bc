"""Each role of a node has its own patch, and each was configured to the end."""

from collections.abc import Iterator

from zmward.catalog.level import Level, level, text
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.history import HISTORY
from zmward.sources.packages import PACKAGES

# The role's package → the kind of patch that belongs to it.
_ROLES = {
    "zimbra-store": "patch",
    "zimbra-mta": "mta-patch",
    "zimbra-proxy": "proxy-patch",
    "zimbra-ldap": "ldap-patch",
}
_NO_CURE = (
    "Install the missing patch packages in a window, let their scripts finish, then "
    "restart Zimbra."
)


def _problem(kind: str, package: str | None, diary: str | None) -> str:
    """Say what is wrong with one kind of patch; empty where nothing is."""
    if package is None:
        return f"zimbra-{kind} is not installed"
    if diary is None:
        return f"zimbra-{kind} {package} was never configured"
    installed, configured = level(package), level(diary)
    if installed and configured and configured < installed:
        return f"zimbra-{kind} {package} is installed, {diary} configured"
    return ""


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    packages = facts.read(PACKAGES, host)
    history = facts.read(HISTORY, host)
    diary = history.patches
    kinds = [kind for role, kind in _ROLES.items() if role in packages]
    if not kinds:
        yield unknown(Layer.RUNNING, host, "no package of a role is installed")
        return
    levels: dict[str, Level] = {}
    wrong = [] if history.complete else ["the last installation did not complete"]
    for kind in kinds:
        package = packages.get(f"zimbra-{kind}")
        problem = _problem(kind, package, diary.get(kind))
        found = level(package or "")
        if problem:
            wrong.append(problem)
        elif found:
            levels[kind] = found
    seen = ", ".join(f"{kind} {text(found)}" for kind, found in levels.items())
    if wrong:
        yield deviates(
            Layer.RUNNING,
            host,
            "; ".join(wrong),
            "every role patched, every patch configured",
            no_cure=_NO_CURE,
            source="install-history",
        )
    elif len(levels) < len(kinds):
        lost = ", ".join(f"zimbra-{kind}" for kind in kinds if kind not in levels)
        yield unknown(Layer.RUNNING, host, f"{lost}: the version is not understood")
    elif len(set(levels.values())) > 1:
        reason = f"{seen}: whether a newer one exists is for `zmward patches` to say"
        yield unknown(Layer.RUNNING, host, reason)
    else:
        yield sound(Layer.RUNNING, host, source="packages", seen=seen)


_ALL = {
    "zimbra-store": "10.1.0",
    "zimbra-mta": "10.1.0",
    "zimbra-patch": "10.1.21.1789981200-1",
    "zimbra-mta-patch": "10.1.21.1789981200-1",
}
_DIARY = (
    "1: INSTALL SESSION START\n2: INSTALL SESSION COMPLETE\n"
    "3: CONFIGURED patch 10.1.21.1789981200-1\n"
)

CONTROL = Control(
    id="zimbra-patches-complete",
    title="Every role has its patch, configured to the end",
    why=(
        "Zimbra shows the highest of four patch levels, so one new package makes a "
        "server with three old ones look patched."
    ),
    impact="Patches restart services.",
    severity=Severity.HIGH,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (PACKAGES, HISTORY), _look),
    refs=("https://wiki.zimbra.com/wiki/Zimbra_Releases",),
    note=(
        "The four kinds are released at different times, so a lower one may still be "
        "the newest of its kind."
    ),
    examples=(
        passes(
            packages=_ALL,
            raw={
                "install-history": f"{_DIARY}4: CONFIGURED mta-patch "
                "10.1.21.1789981200-1\n"
            },
        ),
        fails(packages=_ALL, raw={"install-history": _DIARY}),
        fails(
            packages={"zimbra-store": "10.1.0", "zimbra-core": "10.1.0"},
            raw={"install-history": "1: INSTALL SESSION START\n"},
        ),
        unsure(
            packages={**_ALL, "zimbra-mta-patch": "10.1.4.1731412800-1"},
            raw={
                "install-history": f"{_DIARY}4: CONFIGURED mta-patch "
                "10.1.4.1731412800-1\n"
            },
        ),
        fails(
            packages={"zimbra-store": "10.1.0", "zimbra-patch": "10.1.21.17-1"},
            raw={
                "install-history": "1: INSTALL SESSION START\n"
                "3: CONFIGURED patch 10.1.21.17-1\n"
            },
        ),
        unsure(
            packages={"zimbra-store": "8.8.15", "zimbra-patch": "8.8.15.1600000000-1"},
            raw={
                "install-history": "1: INSTALL SESSION START\n"
                "2: INSTALL SESSION COMPLETE\n3: CONFIGURED patch 8.8.15_P40\n"
            },
        ),
        unsure(packages=_ALL, missing=("install-history",)),
    ),
)
