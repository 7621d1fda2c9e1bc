"""Log lines go to another host while they are written."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.logs._shipping import agents, names, told
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.logging import RSYSLOG, Logging
from zmward.sources.selectors import ENOUGH
from zmward.sources.units import UNITS


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    absent = facts.absent(RSYSLOG, host)
    found = Logging((), ()) if absent else facts.read(RSYSLOG, host)
    own = {*names(host), *facts.read(ADDRESSES, host)}
    forwards = [one for one in found.forwards if one.away(own).may]
    if not ENOUGH & ~found.own_sent(own).sure:
        seen = ", ".join(f"{one.target} ({one.file})" for one in forwards)
        yield sound(Layer.DECLARED, host, source="rsyslog", seen=seen)
        return
    if forwards:
        reason = f"that all lines leave is not known; rsyslog sends {told(found, own)}"
        yield unknown(Layer.DECLARED, host, reason)
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
_FILE = "> /etc/rsyslog.d/30-loghost.conf\n"
_TO = 'action(type="omfwd" target="log.example.net" protocol="tcp")'
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
        "All facilities must leave, from info on; where only some do, or where lines "
        "are stopped before, or a ruleset is not known to be called, it is unknown; so "
        "it is where rsyslog reads no line of this host, or a template writes none. "
        "Zimbra's own zimbraLogHostname collects within the installation, over plain "
        "UDP. audit.log and nginx's log never go to syslog by themselves."
    ),
    examples=(
        passes(addresses=_OWN, raw={"rsyslog": _FORWARD}),
        passes(addresses=_OWN, raw={"rsyslog": f"{_FILE} *.info @@log.example.net\n"}),
        passes(
            addresses=_OWN,
            raw={
                "rsyslog": "> /etc/rsyslog.conf\n $IncludeConfig /etc/rsyslog.d/\n"
                f"{_FILE} /* TLS */\n"
                f' ruleset(name="Out") {{ {_TO} }}\n'
                ' if $fromhost-ip == "127.0.0.1" then call out\n'
            },
        ),
        *(
            unsure(addresses=_OWN, raw={"rsyslog": f"{_FILE} {text}\n"})
            for text in (
                "kern.emerg @@log.example.net",
                "*.none @@log.example.net",
                "*.notice @@log.example.net",
                "*.*;auth,authpriv.none @@log.example.net",
                # What zmsyslogsetup writes on a node whose log host is another one.
                "local0.* @mbox.example.com\n mail.* @mbox.example.com",
                f'ruleset(name="never") {{ {_TO} }}',
                f"if $programname == 'sshd' then {_TO}",
                f"if $programname == 'sshd' then stop\n {_TO}",
                f"authpriv.* stop\n {_TO}",
                f"*.emerg root stop\n {_TO}",
                f"$OmitLocalLogging on\n {_TO}",
                f'module(load="imuxsock" SysSock.Use="off")\n {_TO}',
                '$template none,""\n *.* @@log.example.net;none',
                _TO.replace(")", ' queue.discardmark="0" queue.discardseverity="0")'),
            )
        ),
        *(
            fails(
                addresses=_OWN,
                raw={"rsyslog": f"{_FILE} {text}\n", "units": unit_text("rsyslog")},
            )
            for text in (
                *(f"/*\n {_TO}\n */", f"/* {_TO}", f"# old \\\n {_TO}"),
                _TO.replace(")", ' config.enabled="off")'),
                *("*.* @@", "*.* @@127.0.0.2", "*.* @@localhost.localdomain"),
                *("*.* @@MAIL.example.com.", "*.* @@[::ffff:192.0.2.10]"),
            )
        ),
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
