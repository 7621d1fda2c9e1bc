"""Log lines travel to the log server inside TLS."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.logging import RSYSLOG


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    forwards = facts.read(RSYSLOG, host).forwards
    if not forwards:
        yield not_concerned(Layer.DECLARED, host, "rsyslog forwards nothing")
    for one in forwards:
        text = f"{one.target} by {one.protocol} ({one.file})"
        if one.encrypted:
            yield sound(Layer.DECLARED, host, source="rsyslog", seen=text)
        else:
            yield deviates(
                Layer.DECLARED,
                host,
                f"{text}, in clear text",
                "TLS",
                no_cure="Let `zmward logs forward` write the forwarding anew, inside "
                f"TLS, and take the old action out of {one.file}.",
                source="rsyslog",
            )


_TLS = (
    "> /etc/rsyslog.d/30-loghost.conf\n"
    ' action(type="omfwd" target="log.example.net" protocol="tcp"\n'
    '        StreamDriver="gtls" StreamDriverMode="1")\n'
)
# This directive holds until it is said anew.
_OLD = "> /etc/rsyslog.conf\n $ActionSendStreamDriverMode {}\n mail.* @@a\n{} *.* @@b\n"
_AFTER = " $ActionSendStreamDriverMode 1\n"

CONTROL = Control(
    id="logs-travel-encrypted",
    title="Log lines travel to the log server inside TLS",
    why=(
        "They hold addresses, subjects of mail and names; over UDP anyone can also "
        "add lines of his own."
    ),
    impact="The log server needs a certificate and a TLS input.",
    severity=Severity.LOW,
    tips=("T09",),
    check=on_hosts(Layer.DECLARED, (RSYSLOG,), _look),
    refs=("https://www.rfc-editor.org/rfc/rfc5425",),
    examples=(
        passes(raw={"rsyslog": _TLS}),
        passes(raw={"rsyslog": _OLD.format("1", "")}),
        fails(raw={"rsyslog": _OLD.format("1", " $ActionSendStreamDriverMode 0\n")}),
        fails(raw={"rsyslog": "> /etc/rsyslog.conf\n *.* @@a\n" + _AFTER}),
        fails(raw={"rsyslog": f"> /etc/rsyslog.conf\n /*\n{_AFTER} */\n *.* @@a\n"}),
        fails(raw={"rsyslog": "> /etc/rsyslog.conf\n mail.* @log.example.net\n"}),
        fails(raw={"rsyslog": "> /etc/rsyslog.conf\n *.* @@log.example.net:514\n"}),
        unsure(missing=("rsyslog",)),
        unconcerned(raw={"rsyslog": "> /etc/rsyslog.conf\n mail.* /var/log/mail\n"}),
    ),
)
