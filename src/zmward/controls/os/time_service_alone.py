"""Exactly one time service runs, now and after a boot."""

from collections.abc import Iterable, Iterator

from zmward.change import Change
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.os._time import kept, known, missing, start
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import package, repair, started, stopped
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.packages import PACKAGES
from zmward.sources.units import UNITS, Unit

_WHEN = {Layer.RUNNING: "now", Layer.LASTING: "after a boot"}


def _none(facts: Facts, host: str, layer: Layer) -> Iterator[Judgement]:
    for name in missing(facts, host):
        yield deviates(
            layer,
            host,
            "no time service is installed",
            name,
            source="units",
            **repair(lambda name=name: package(facts, host, name)),  # type: ignore[misc]  # bound early
        )
    yield deviates(
        layer,
        host,
        f"time services {_WHEN[layer]}: none",
        "one",
        source="units",
        **repair(lambda: start(facts, host)),
    )


def _switched(facts: Facts, host: str, name: str, keep: bool) -> Change:  # noqa: FBT001  # bound early
    return started(facts, host, name) if keep else stopped(facts, host, name)


def _several(
    facts: Facts, host: str, layer: Layer, found: Iterable[Unit]
) -> Iterator[Judgement]:
    best = kept(facts, host)
    text = ", ".join(sorted(one.name for one in found))
    names = [one.name for one in found]
    if best is not None and best.name not in names:
        names.append(best.name)
    for name in names:
        keep = best is not None and name == best.name
        if not keep or name not in text.split(", "):
            yield deviates(
                layer,
                host,
                f"time services {_WHEN[layer]}: {text}",
                f"{name}, alone" if keep else f"not {name}",
                source="units",
                **repair(lambda n=name, k=keep: _switched(facts, host, n, k)),  # type: ignore[misc]  # bound early
            )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    units = known(facts, host).values()
    running = [one for one in units if one.runs]
    lasting = [one for one in units if one.boot in ("enabled", "static")]
    for layer, found in ((Layer.RUNNING, running), (Layer.LASTING, lasting)):
        if len(found) == 1:
            seen = f"{found[0].name} {_WHEN[layer]}"
            yield sound(layer, host, source="units", seen=seen)
        elif found:
            yield from _several(facts, host, layer, found)
        else:
            yield from _none(facts, host, layer)


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
    check=on_hosts(Layer.RUNNING, (UNITS, PACKAGES), _look, cures=True),
    note=(
        "In a container the clock is the host's, and time services do not start: "
        "waive this there, or a plan that starts one is taken back."
    ),
    refs=("https://chrony-project.org/documentation.html",),
    examples=(
        passes(raw={"units": unit_text("chrony", "active", "enabled")}),
        passes(
            raw={
                "units": unit_text("chronyd", "active", "enabled")
                + unit_text("systemd-timesyncd", "inactive", "disabled")
            }
        ),
        fails(raw={"units": unit_text("chrony", "inactive", "disabled")}),
        fails(raw={"units": unit_text("chrony", "active", "disabled")}),
        fails(
            raw={
                "units": unit_text("chrony", "active", "enabled")
                + unit_text("ntpsec", "active", "enabled")
            }
        ),
        fails(packages={"apt": "2.4"}, raw={"units": unit_text("ssh")}),
        fails(raw={"units": unit_text("chrony", "inactive", "masked")}),
        fails(
            raw={
                "units": unit_text("openntpd", "active", "disabled")
                + unit_text("chrony", "inactive")
                + unit_text("ntpsec", "inactive")
            }
        ),
        unsure(missing=("units",)),
    ),
)
