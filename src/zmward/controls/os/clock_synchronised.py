"""The clock follows a source and is right to within the threshold."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.os._time import known, missing, start
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import package, repair
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.clock import CLOCK
from zmward.sources.packages import PACKAGES
from zmward.sources.units import UNITS

# Six hours, or ten times the usual pause, without a word from any source.
_SILENT = 6 * 3600
_MISSED = 10

_NO_CURE = (
    "Name servers that chronyd reaches in chrony.conf (`chronyc -n sources` shows which"
    " answer), let UDP 123 out, then wait some minutes."
)


def _without_chrony(facts: Facts, host: str, reason: str) -> Iterator[Judgement]:
    """Judge a host on which chronyd does not answer, by its units."""
    running = sorted(one.name for one in known(facts, host).values() if one.runs)
    if running:
        text = f"{', '.join(running)} runs; only chronyd is asked here: {reason}"
        yield unknown(Layer.RUNNING, host, text)
        return
    for name in missing(facts, host):
        yield deviates(
            Layer.RUNNING,
            host,
            "no time service is installed",
            name,
            source="units",
            **repair(lambda name=name: package(facts, host, name)),  # type: ignore[misc]  # bound early
        )
    yield deviates(
        Layer.RUNNING,
        host,
        "no time service runs",
        "a synchronised clock",
        source="units",
        **repair(lambda: start(facts, host)),
    )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    try:
        found = facts.read(CLOCK, host)
    except Unseen as signal:
        yield from _without_chrony(facts, host, signal.missing.reason)
        return
    most = facts.profile.thresholds.clock_offset_ms
    offset = abs(found.offset) * 1000
    text = f"offset {offset:.3f} ms, stratum {found.stratum}, leap {found.leap}"
    # chronyd goes on saying Normal after its sources fell silent.
    silent = facts.now.timestamp() - found.heard
    lost = found.synchronised and silent > max(_SILENT, _MISSED * found.pause)
    if found.itself:
        text = f"{text}: it follows its own clock (`local`)"
    if lost:
        text = f"{text}: no source heard for {silent / 3600:.0f} hours"
    if found.synchronised and not lost and offset <= most:
        yield sound(Layer.RUNNING, host, source="chrony-tracking", seen=text)
    else:
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            f"synchronised, at most {most} ms off",
            no_cure=_NO_CURE,
            source="chrony-tracking",
        )


CONTROL = Control(
    id="clock-synchronised",
    title="The clock follows a time source",
    why=(
        "Pre-authentication allows five minutes, two-factor codes half a minute; and "
        "log lines of two servers can be put in order only by right clocks."
    ),
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T24",),
    check=on_hosts(Layer.RUNNING, (CLOCK, UNITS, PACKAGES), _look, cures=True),
    note=(
        "In a container the clock is the host's: judge it there, and waive this here. "
        "Only chronyd is asked for its offset."
    ),
    refs=("https://chrony-project.org/documentation.html",),
    examples=(
        passes(
            raw={
                "chrony-tracking": "C0000201,192.0.2.1,9,1795294590.7,-0.000001851,"
                "-0.000000061,0.000000912,-0.003,-0.000,0.015,0.0,0.0,8.1,Normal\n"
            }
        ),
        fails(  # chrony.conf with `local stratum 10`, and no server in reach
            raw={
                "chrony-tracking": "7F7F0101,,10,1795262390.7,-0.000001851,"
                "-0.000000061,0.000000912,-0.003,-0.000,0.015,0.0,0.0,64.1,Normal\n"
            }
        ),
        fails(  # UDP 123 closed two days ago
            raw={
                "chrony-tracking": "C0000201,192.0.2.1,3,1795089600.0,-0.000001851,"
                "-0.000000061,0.000000912,-0.003,-0.000,0.015,0.0,0.9,1024.0,Normal\n"
            }
        ),
        fails(
            raw={
                "chrony-tracking": "00000000,,0,0.000000000,0.000000000,0.000000000,"
                "0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n"
            }
        ),
        fails(
            missing=("chrony-tracking",),
            raw={"units": unit_text("chrony", active="inactive")},
        ),
        fails(
            missing=("chrony-tracking",),
            packages={"dnf": "4.7"},
            raw={"units": unit_text("ssh")},
        ),
        unsure(missing=("chrony-tracking",), raw={"units": unit_text("chrony")}),
    ),
)
