"""A connection to the log host stands."""

import ipaddress
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.established import ESTABLISHED, Connection
from zmward.sources.logging import RSYSLOG, Forward

_PROGRAM = "rsyslogd"


def _to(one: Connection, forward: Forward) -> bool:
    """Say whether a connection may be this action's; a name is not looked up here."""
    try:
        same = one.peer == str(ipaddress.ip_address(forward.target))
    except ValueError:
        same = True
    return same and one.peer_port == forward.port


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    forwards = facts.read(RSYSLOG, host).forwards
    some = [one for one in forwards if one.protocol != "udp"]
    if not some:
        reason = "rsyslog forwards by UDP, which has no connections"
        if not forwards:
            reason = "rsyslog forwards nothing"
        yield not_concerned(Layer.RUNNING, host, reason)
        return
    standing = facts.read(ESTABLISHED, host)
    for forward in some:
        yield _judged(host, forward, standing)


def _judged(host: str, forward: Forward, standing: tuple[Connection, ...]) -> Judgement:
    text = f"{forward.target} by {forward.protocol} ({forward.file})"
    if not forward.port:
        return unknown(Layer.RUNNING, host, f"{text}: its port is not known")
    found = [one for one in standing if _to(one, forward)]
    if any(one.program == _PROGRAM for one in found):
        seen = f"{text}: rsyslogd is connected to port {forward.port}"
        return sound(Layer.RUNNING, host, source="established", seen=seen)
    if any(not one.program for one in found):
        reason = f"{text}: whose the connection to port {forward.port} is, is not known"
        return unknown(Layer.RUNNING, host, reason)
    return deviates(
        Layer.RUNNING,
        host,
        f"{text}: rsyslogd has no connection to port {forward.port}",
        "a connection that stands",
        no_cure="`journalctl -t rsyslogd -n 20` says why: a log host that is down, a "
        "closed port, a certificate that is over. `zmward logs forward` again sends "
        "a test line and looks for it.",
        source="established",
    )


_TLS = (
    "> /etc/rsyslog.d/30-loghost.conf\n"
    ' action(type="omfwd" target="log.example.net" port="6514" protocol="tcp"\n'
    '        StreamDriver="gtls" StreamDriverMode="1")\n'
)
_STANDS = "ESTAB 0 0 192.0.2.10:50000 203.0.113.5:{} {}\n"
_RSYSLOG = 'users:(("rsyslogd",pid=7,fd=9))'
_OTHER = 'users:(("curl",pid=7,fd=9))'
_OLD = "> /etc/rsyslog.conf\n *.* @@203.0.113.5:6514\n"

CONTROL = Control(
    id="log-host-is-connected",
    title="A connection to the log host stands",
    why=(
        "A forwarding that is set up and reaches nobody looks well in the files: "
        "lines wait on disk, and are thrown away when it is full."
    ),
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T09",),
    check=on_hosts(Layer.RUNNING, (RSYSLOG, ESTABLISHED), _look),
    refs=("https://www.rsyslog.com/doc/configuration/modules/omfwd.html",),
    note=(
        "It is judged at one moment: while the log host restarts, it is not "
        "connected. The log host's name is not looked up; its port counts."
    ),
    examples=(
        passes(raw={"rsyslog": _TLS, "established": _STANDS.format(6514, _RSYSLOG)}),
        passes(raw={"rsyslog": _OLD, "established": _STANDS.format(6514, _RSYSLOG)}),
        fails(raw={"rsyslog": _TLS, "established": ""}),
        fails(raw={"rsyslog": _TLS, "established": _STANDS.format(443, _RSYSLOG)}),
        fails(raw={"rsyslog": _TLS, "established": _STANDS.format(6514, _OTHER)}),
        fails(
            raw={
                "rsyslog": "> /etc/rsyslog.conf\n *.* @@203.0.113.9:6514\n",
                "established": _STANDS.format(6514, _RSYSLOG),
            }
        ),
        unsure(raw={"rsyslog": _TLS, "established": _STANDS.format(6514, "")}),
        unsure(
            raw={
                "rsyslog": '> /etc/rsyslog.conf\n action(type="omkafka" broker="k")\n',
                "established": "",
            }
        ),
        unsure(raw={"rsyslog": _TLS}, missing=("established",)),
        unsure(missing=("rsyslog",)),
        unconcerned(raw={"rsyslog": "> /etc/rsyslog.conf\n mail.* /var/log/mail\n"}),
        unconcerned(raw={"rsyslog": "> /etc/rsyslog.conf\n *.* @log.example.net\n"}),
    ),
)
