"""What only the host itself may talk to listens on loopback alone."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.exposure import shown
from zmward.controls.shapes.outside_ports import strangers_kept_out
from zmward.controls.shapes.outside_ways import rows_of
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.listeners import LISTENERS, Listener

_PORTS = {
    *(10024, 10025, 10026, 10027, 10028, 10029, 10030, 10031, 10032),
    *(23232, 23233),
    *(8465, 3310, 7171, 7306, 7307, 7308, 10663),
}


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = [one for one in facts.read(LISTENERS, host) if one.port in _PORTS]
    if not found:
        yield not_concerned(Layer.RUNNING, host, "none of these services runs here")
        return
    far = [one for one in found if not one.loopback]
    for one in far:
        yield deviates(
            Layer.RUNNING,
            host,
            shown(one),
            "127.0.0.1 or ::1 only",
            no_cure="Zimbra binds it to loopback, so a template, "
            "zimbraClamAVBindAddress or mysql_bind_address was changed: set it back, "
            "re-render, restart.",
            source="listeners",
            seen=shown(one),
        )
    if not far:
        seen = ", ".join(sorted({str(one.port) for one in found}))
        yield sound(
            Layer.RUNNING, host, source="listeners", seen=f"on loopback: {seen}"
        )


CONTROL = Control(
    id="loopback-ports-on-loopback",
    title="What only the host may talk to listens on loopback alone",
    why=(
        "Re-injection into Postfix, clamd, zmconfigd and the databases trust whoever "
        "connects: from outside they relay mail, stop scanners and rewrite settings."
    ),
    impact="None: Zimbra itself talks to them over loopback.",
    severity=Severity.CRITICAL,
    tips=("S3",),
    check=on_hosts(Layer.RUNNING, (LISTENERS,), _look),
    refs=(),
    note=(
        "Postfix's and Amavis' ports 10024 to 10032, opendkim 8465, clamd 3310, "
        "zmconfigd 7171 (no login at all), MariaDB 7306 to 7308, zmrrdfetch 10663."
    ),
    outside=strangers_kept_out(
        10025, rows=rows_of("loopback", without=(53, 4369, 5672, 25672))
    ),
    examples=(
        passes(
            listeners=(
                Listener("tcp", "127.0.0.1", 10025, "master"),
                Listener("tcp", "::1", 7171),
            )
        ),
        fails(listeners=(Listener("tcp", "0.0.0.0", 10025, "master"),)),  # noqa: S104  # an example
        fails(listeners=(Listener("tcp", "192.0.2.10", 3310, "clamd"),)),
        unsure(missing=("listeners",)),
    ),
)
