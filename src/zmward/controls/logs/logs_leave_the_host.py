"""Log lines go to another host while they are written."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.logs._shipping import agents
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.logging import RSYSLOG
from zmward.sources.units import UNITS


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = () if facts.absent(RSYSLOG, host) else facts.read(RSYSLOG, host).forwards
    own = {host, host.partition(".")[0], *facts.read(ADDRESSES, host)}
    forwards = [one for one in found if one.target not in own]
    if forwards:
        seen = ", ".join(f"{one.target} ({one.file})" for one in forwards)
        yield sound(Layer.DECLARED, host, source="rsyslog", seen=seen)
        return
    running = agents(facts, host)
    if running:
        reason = f"{', '.join(running)} runs; what it ships is not looked at"
        yield unknown(Layer.DECLARED, host, reason)
        return
    yield deviates(
        Layer.DECLARED,
        host,
        "rsyslog forwards nothing and no agent runs",
        "lines go to a log server",
        no_cure="Only you know the log server and who signs its certificate: "
        "`zmward logs receive` makes one, `zmward logs forward --to NAME` sends to it "
        "inside TLS; or run an agent.",
        source="rsyslog",
    )


_FORWARD = "> /etc/rsyslog.d/30-loghost.conf\n *.* @@log.example.net:6514\n"
_OWN = ("127.0.0.1", "192.0.2.10")
_LOCAL = "> /etc/rsyslog.d/50-default.conf\n *.* -/var/log/syslog\n"

CONTROL = Control(
    id="logs-leave-the-host",
    title="Log lines go to another host while they are written",
    why="Who breaks in deletes the traces first; what has left is out of his reach.",
    impact="Addresses and names of users are then on the log server too.",
    severity=Severity.MEDIUM,
    tips=("T09",),
    check=on_hosts(Layer.DECLARED, (RSYSLOG, UNITS, ADDRESSES), _look),
    refs=("https://www.rsyslog.com/doc/configuration/modules/omfwd.html",),
    note=(
        "Zimbra's own zimbraLogHostname collects within the installation, over plain "
        "UDP. audit.log and nginx's log never go to syslog by themselves."
    ),
    examples=(
        passes(addresses=_OWN, raw={"rsyslog": _FORWARD}),
        fails(addresses=_OWN, raw={"rsyslog": _LOCAL, "units": unit_text("rsyslog")}),
        fails(
            addresses=_OWN,
            raw={
                "rsyslog": "> /etc/rsyslog.conf\n *.* @192.0.2.10\n"
                " mail.* @mail.example.com\n",
                "units": unit_text("rsyslog"),
            },
        ),
        fails(
            addresses=_OWN,
            raw={
                "rsyslog": "> /etc/rsyslog.conf\n #*.* @@log.example.net\n"
                " *.* @127.0.0.1:514\n",
                "units": unit_text("rsyslog"),
            },
        ),
        unsure(addresses=_OWN, raw={"rsyslog": _LOCAL, "units": unit_text("filebeat")}),
        unsure(missing=("rsyslog",)),
    ),
)
