"""audit.log and nginx's log leave the host too."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.logs._shipping import agents, file_sent, names
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.unittext import unit_text
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.logging import RSYSLOG
from zmward.sources.packages import PACKAGES
from zmward.sources.units import UNITS

_LOGS = {
    "mailbox": "/opt/zimbra/log/audit.log",
    "proxy": "/opt/zimbra/log/nginx.access.log",
}


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(RSYSLOG, host)
    wanted = [log for role, log in _LOGS.items() if host in facts.hosts(role)]
    if not wanted:
        yield not_concerned(Layer.DECLARED, host, "this node writes neither of them")
        return
    if not found.forwards:
        running = agents(facts, host)
        if running:
            reason = f"{', '.join(running)} runs; what it ships is not looked at"
            yield unknown(Layer.DECLARED, host, reason)
        else:
            yield not_concerned(Layer.DECLARED, host, "nothing is forwarded at all")
        return
    sent = {log: file_sent(found, log, names(host)) for log in wanted}
    lost = [log for log, lines in sent.items() if not lines.may]
    doubted = [log for log, lines in sent.items() if lines.may and not lines.sure]
    running = agents(facts, host) if lost else []
    if running:
        reason = (
            f"not sent by rsyslog: {', '.join(lost)}; but {', '.join(running)} runs"
        )
        yield unknown(Layer.DECLARED, host, f"{reason}, and may ship them")
    elif lost:
        yield deviates(
            Layer.DECLARED,
            host,
            f"not read or not sent by rsyslog: {', '.join(lost)}",
            ", ".join(wanted),
            no_cure="`zmward logs forward --to NAME` sends them, and lets rsyslog read "
            "them by an access list, not through the group zimbra.",
            source="rsyslog",
        )
    elif doubted:
        reason = f"read by rsyslog: {', '.join(doubted)}; that all of it is sent is"
        yield unknown(Layer.DECLARED, host, f"{reason} not known")
    else:
        seen = f"read by rsyslog: {', '.join(found.inputs)}"
        yield sound(Layer.DECLARED, host, source="rsyslog", seen=seen)


_FORWARD = "> /etc/rsyslog.d/30-loghost.conf\n *.* @@log.example.net:6514\n"
_INPUTS = (
    ' input(type="imfile" File="/opt/zimbra/log/audit.log" Tag="audit:")\n'
    ' input(type="imfile" File="/opt/zimbra/log/nginx.access.log" Tag="nginx:")\n'
)

CONTROL = Control(
    id="audit-and-web-logs-shipped",
    title="audit.log and nginx's log leave the host too",
    why=(
        "Zimbra sends neither to syslog: a log server without them knows of mail only, "
        "not of who logged in from where."
    ),
    impact="More lines on the log server; they hold personal data.",
    severity=Severity.MEDIUM,
    tips=("T09",),
    check=on_hosts(Layer.DECLARED, (RSYSLOG, UNITS, SERVERS, PACKAGES), _look),
    refs=("https://www.rsyslog.com/doc/configuration/modules/imfile.html",),
    note="zimbraLogToSyslog covers mailbox.log only, not the audit logger.",
    examples=(
        passes(raw={"rsyslog": f"{_FORWARD}{_INPUTS}"}),
        fails(raw={"rsyslog": _FORWARD, "units": unit_text("rsyslog")}),
        *(
            fails(raw={"rsyslog": text, "units": unit_text("rsyslog")})
            for text in (
                # A ruleset that sends nothing.
                _FORWARD + _INPUTS.replace(")", ' ruleset="local")'),
                # They come as local0.notice.
                f"{_FORWARD.replace('*.*', 'kern.*')}{_INPUTS}",
                f"{_FORWARD} /*\n{_INPUTS} */\n",
                _FORWARD + _INPUTS.replace(")", ' config.enabled="off")'),
                "> /etc/rsyslog.conf\n *.* @mail.example.com\n" + _INPUTS,
            )
        ),
        unsure(
            raw={"rsyslog": _FORWARD.replace("*.*", "if $msg != '' then") + _INPUTS}
        ),
        unsure(raw={"rsyslog": _FORWARD, "units": unit_text("filebeat")}),
        unsure(
            raw={
                "rsyslog": "> /etc/rsyslog.conf\n mail.* /var/log/mail.log\n",
                "units": unit_text("promtail"),
            }
        ),
        unsure(missing=("rsyslog",)),
        unconcerned(services=("mta",), raw={"rsyslog": _FORWARD}),
    ),
)
