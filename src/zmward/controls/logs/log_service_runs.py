"""The system's log service runs, now and after a boot."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import Words, repair, started
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.units import UNITS, unit


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    units = facts.read(UNITS, host)
    known = [unit(units, name) for name in ("rsyslog", "syslog-ng")]
    there = [one for one in known if one.exists]
    best = next((one for one in known if one.runs), (*there, known[0])[0])
    name = best.name or "rsyslog"
    absent = "Install rsyslog, then run /opt/zimbra/libexec/zmsyslogsetup as root."
    for layer, good, text in (
        (Layer.RUNNING, best.runs, f"{name} is {best.active}"),
        (Layer.LASTING, best.lasts, f"{name} is {best.boot or 'not installed'}"),
    ):
        if good:
            yield sound(layer, host, source="units", seen=text)
        else:
            yield deviates(
                layer,
                host,
                text,
                "active and enabled",
                source="units",
                **(
                    repair(lambda: started(facts, host, best.name))
                    if best.exists
                    else Words(no_cure=absent)
                ),
            )


CONTROL = Control(
    id="log-service-runs",
    title="The system's log service runs, now and after a boot",
    why=(
        "Postfix, amavis and saslauthd write to syslog only; without it "
        "/var/log/zimbra.log stays empty, and fail2ban sees no guessing over SMTP."
    ),
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T09", "T05"),
    check=on_hosts(Layer.RUNNING, (UNITS,), _look, cures=True),
    refs=(),
    examples=(
        passes(raw={"units": unit_text("rsyslog")}),
        fails(raw={"units": unit_text("rsyslog", active="failed")}),
        fails(raw={"units": unit_text("rsyslog", boot="disabled")}),
        fails(raw={"units": unit_text("rsyslog", active="inactive")}),
        fails(raw={"units": unit_text("ssh")}),
        unsure(missing=("units",)),
    ),
)
