"""Zimbra's patch packages are the newest that the repository offers."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.kernel import order
from zmward.sources.offered import OFFERED
from zmward.sources.packages import PACKAGES
from zmward.sources.updates import UPDATES

KINDS = ("zimbra-patch", "zimbra-mta-patch", "zimbra-proxy-patch", "zimbra-ldap-patch")

_FRESH = 7
# Clocks differ; lists from later than that are no sign of fresh ones.
_AHEAD = 1


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    packages = facts.read(PACKAGES, host)
    offered = facts.read(OFFERED, host)
    days = (facts.now.timestamp() - facts.read(UPDATES, host).lists) / 86_400
    if days < -_AHEAD:
        yield unknown(Layer.RUNNING, host, "the package lists are from the future")
        return
    if days > _FRESH:
        reason = f"the package lists are {days:.0f} days old; see `zmward patches`"
        yield unknown(Layer.RUNNING, host, reason)
        return
    installed = [name for name in KINDS if name in packages]
    known = [name for name in installed if name in offered]
    if not installed or known != installed:
        lost = ", ".join(set(installed) - set(known)) or "zimbra-patch"
        reason = f"{lost}: nothing to compare with; see `zmward patches`"
        yield unknown(Layer.RUNNING, host, reason)
        return
    old = []
    for name in known:
        newest = max(offered[name], key=order)
        if order(newest) > order(packages[name]):
            old.append(f"{name} {packages[name]}, offered {newest}")
    if old:
        yield deviates(
            Layer.RUNNING,
            host,
            "; ".join(old),
            "the newest on offer",
            no_cure="Install the patches in a window, with a backup before.",
            source="zimbra-offered",
        )
        return
    seen = ", ".join(f"{name} {packages[name]}" for name in known)
    yield sound(Layer.RUNNING, host, source="packages", seen=seen)


_LISTS = "manager apt\nlists 1795250000\n"
_OFFER = {
    "raw": {
        "zimbra-offered": "zimbra-patch 10.1.21.1789981200-1\n",
        "updates": _LISTS,
    }
}

CONTROL = Control(
    id="zimbra-patches-newest-offered",
    title="Zimbra's patches are the newest that the repository offers",
    why="Most break-ins into Zimbra use holes whose patch had been out for weeks.",
    impact="Patches restart services and may rewrite templates.",
    severity=Severity.HIGH,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (PACKAGES, OFFERED, UPDATES), _look),
    refs=("https://wiki.zimbra.com/wiki/Zimbra_Releases",),
    note="It compares with apt's own lists, so it is as fresh as these are.",
    examples=(
        passes(packages={"zimbra-patch": "10.1.21.1789981200-1"}, **_OFFER),
        fails(packages={"zimbra-patch": "10.1.20.1783418035-2"}, **_OFFER),
        unsure(
            packages={
                "zimbra-patch": "10.1.21.1789981200-1",
                "zimbra-mta-patch": "10.1.20.1783342495-1",
            },
            **_OFFER,
        ),
        unsure(
            now="2026-01-21T12:00:00+00:00",
            packages={"zimbra-patch": "10.1.21.1789981200-1"},
            **_OFFER,
        ),
        unsure(
            now="2027-01-21T12:00:00+00:00",
            packages={"zimbra-patch": "10.1.21.1789981200-1"},
            **_OFFER,
        ),
        unsure(
            packages={"zimbra-patch": "10.1.20.1"},
            missing=("zimbra-offered",),
            raw={"updates": _LISTS},
        ),
    ),
)
