"""Exactly one time service runs, now and after a boot."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.units import UNITS

SERVICES = (
    *("chrony", "chronyd", "systemd-timesyncd", "ntp", "ntpd", "ntpsec"),
    "openntpd",
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    units = facts.read(UNITS, host)
    known = {
        one.name: one
        for one in (units.get(f"{name}.service") for name in SERVICES)
        if one is not None and one.exists
    }
    running = [one for one in known.values() if one.runs]
    lasting = [one for one in known.values() if one.boot in ("enabled", "static")]
    for layer, found, when in (
        (Layer.RUNNING, running, "now"),
        (Layer.LASTING, lasting, "after a boot"),
    ):
        names = ", ".join(sorted(one.name for one in found)) or "none"
        if len(found) == 1:
            yield sound(layer, host, source="units", seen=f"{names} {when}")
        else:
            yield deviates(
                layer,
                host,
                f"time services {when}: {names}",
                "one",
                no_cure="Keep chrony: install and enable it, disable the others "
                "(`systemctl enable --now chrony`); `zmward plan` will do it with "
                "the repair of units.",
                source="units",
            )


def _unit(name: str, active: str, boot: str) -> str:
    return (
        f"Id={name}.service\nNames={name}.service\nLoadState=loaded\n"
        f"ActiveState={active}\nUnitFileState={boot}\n\n"
    )


CONTROL = Control(
    id="time-service-alone",
    title="Exactly one time service runs, now and after a boot",
    why=(
        "Tokens, pre-authentication, two-factor codes and the order of log lines all "
        "need the right time; two services pull the clock in two directions."
    ),
    impact="None, if the clock is right; a wrong one is set step by step.",
    severity=Severity.MEDIUM,
    tips=("T24",),
    check=on_hosts(Layer.RUNNING, (UNITS,), _look),
    refs=("https://chrony-project.org/documentation.html",),
    examples=(
        passes(raw={"units": _unit("chrony", "active", "enabled")}),
        passes(
            raw={
                "units": _unit("chronyd", "active", "enabled")
                + _unit("systemd-timesyncd", "inactive", "disabled")
            }
        ),
        fails(raw={"units": _unit("chrony", "inactive", "disabled")}),
        fails(raw={"units": _unit("chrony", "active", "disabled")}),
        fails(
            raw={
                "units": _unit("chrony", "active", "enabled")
                + _unit("ntpsec", "active", "enabled")
            }
        ),
        unsure(missing=("units",)),
    ),
)
