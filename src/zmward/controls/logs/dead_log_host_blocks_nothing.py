"""A log host that is down holds nobody up."""

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
        if one.queued:
            seen = f"{text}: a queue on disk that nothing waits for"
            yield sound(Layer.DECLARED, host, source="rsyslog", seen=seen)
        elif one.protocol == "udp":
            seen = f"{text}: nothing waits for an answer"
            yield sound(Layer.DECLARED, host, source="rsyslog", seen=seen)
        else:
            yield deviates(
                Layer.DECLARED,
                host,
                f"{text}, without a queue on disk that gives up at once when full",
                "queue.type, queue.filename and queue.timeoutEnqueue of 0 to 10",
                no_cure="Let `zmward logs forward` write the forwarding anew and take "
                f"the old action out of {one.file}; or give that action its own queue: "
                'queue.type="LinkedList" queue.filename="loghost" '
                'queue.timeoutEnqueue="0" action.resumeRetryCount="-1".',
                source="rsyslog",
            )


_ACTION = (
    "> /etc/rsyslog.d/30-loghost.conf\n"
    ' action(type="omfwd" target="log.example.net" protocol="tcp"{})\n'
)
_QUEUE = ' queue.type="LinkedList" queue.filename="f" queue.timeoutEnqueue="{}"'
_OLD = (
    "> /etc/rsyslog.d/30-loghost.conf\n $ActionQueueType LinkedList\n"
    " $ActionQueueFileName f\n{} *.* @@log.example.net:6514\n"
)

CONTROL = Control(
    id="dead-log-host-blocks-nothing",
    title="A log host that is down holds nobody up",
    why=(
        "rsyslog waits for a full queue, by default two seconds a line, and all that "
        "logs waits with it: mail stops because a log host does."
    ),
    impact="While the log host is away for long, the least important lines are lost.",
    severity=Severity.MEDIUM,
    tips=("T09",),
    check=on_hosts(Layer.DECLARED, (RSYSLOG,), _look),
    refs=("https://www.rsyslog.com/doc/rainerscript/queue_parameters.html",),
    examples=(
        passes(raw={"rsyslog": _ACTION.format(_QUEUE.format(0))}),
        passes(raw={"rsyslog": "> /etc/rsyslog.conf\n mail.* @log.example.net\n"}),
        passes(
            raw={"rsyslog": _OLD.format(" $ActionQueueTimeoutEnqueue 0\n")},
        ),
        fails(raw={"rsyslog": _ACTION.format("")}),
        fails(raw={"rsyslog": _ACTION.format(_QUEUE.format(2000))}),
        fails(raw={"rsyslog": _OLD.format("")}),
        # Such a directive holds for the next action only, whatever that does.
        *(
            fails(
                raw={"rsyslog": _OLD.format(f" $ActionQueueTimeoutEnqueue 0\n{more}")}
            )
            for more in (" *.* @@other.example.net\n", " *.* /var/log/all\n")
        ),
        unsure(missing=("rsyslog",)),
        unconcerned(raw={"rsyslog": "> /etc/rsyslog.conf\n mail.* /var/log/mail\n"}),
    ),
)
