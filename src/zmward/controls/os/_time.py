"""Which time service to keep on a host, and what brings it to run alone."""

from collections.abc import Iterator

from zmward.change import Change
from zmward.controls.shapes.repair import manager, package, started
from zmward.facts import Facts
from zmward.sources.units import UNITS, Unit

SERVICES = (
    *("chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "ntpsec"),
    "openntpd",
)
_CHRONY = ("chrony.service", "chronyd.service")


def known(facts: Facts, host: str) -> dict[str, Unit]:
    """Return the time services that exist on a host, each by its real name."""
    units = facts.read(UNITS, host)
    found = (units.get(f"{name}.service") for name in SERVICES)
    return {one.name: one for one in found if one is not None and one.exists}


def kept(facts: Facts, host: str) -> Unit | None:
    """Return the service to keep: one that runs, chrony before others."""
    found = [one for one in known(facts, host).values() if one.boot != "masked"]
    ranked = sorted(
        found,
        key=lambda one: (not one.runs, one.name not in _CHRONY, not one.lasts),
    )
    return next(iter(ranked), None)


def unit_of_chrony(facts: Facts, host: str) -> str:
    """Return how chrony's unit is called where its package is not installed yet."""
    return _CHRONY[0] if manager(facts, host) == "apt" else _CHRONY[1]


def start(facts: Facts, host: str) -> Change:
    """Return the change by which the kept service runs, now and at boot."""
    one = kept(facts, host) or next(iter(known(facts, host).values()), None)
    if one is not None:
        return started(facts, host, one.name)
    package(facts, host, "chrony")
    return started(facts, host, unit_of_chrony(facts, host), new=True)


def missing(facts: Facts, host: str) -> Iterator[str]:
    """Yield the package that is needed where no time service is installed."""
    if not known(facts, host):
        yield "chrony"
