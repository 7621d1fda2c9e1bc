"""A test line has lately been seen at the log host."""

from collections.abc import Iterator
from datetime import timedelta

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.logging import ARRIVALS, RSYSLOG

# The host's clock and ours may differ.
_SKEW = timedelta(days=1)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(RSYSLOG, host)
    names = {server.name for server in facts.servers()}
    own = names | {name.partition(".")[0] for name in names}
    some = dict.fromkeys(one.target for one in found.forwards if one.target not in own)
    if not some:
        reason = "rsyslog forwards nothing to a host outside the installation"
        yield not_concerned(Layer.RUNNING, host, reason)
    most = facts.profile.thresholds.log_arrival_days
    for target in some:
        again = f"`zmward logs forward --to {target} --seen-by USER@HOST`"
        when = found.arrived.get(target)
        if when is None or when - facts.now > _SKEW:
            reason = f"whether lines arrive at {target}: {again} looks for a test line"
            yield unknown(Layer.RUNNING, host, reason)
            continue
        days = max((facts.now - when).days, 0)
        text = f"a test line was seen at {target} {days} days ago"
        if days <= most:
            yield sound(Layer.RUNNING, host, source="rsyslog", seen=text)
        else:
            yield deviates(
                Layer.RUNNING,
                host,
                text,
                f"at most {most} days ago",
                no_cure=f"Look again: {again} sends another one; a timer can do that.",
                source="rsyslog",
            )


_FORWARD = "> /etc/rsyslog.d/30-loghost.conf\n *.* @@log.example.net:6514\n"
_SEEN = f"{_FORWARD}> {ARRIVALS}\n {{}} {{}}T10:00:00+00:00\n"
_NODE = "mail.example.com"
_NOW = "2026-11-21T12:00:00+00:00"

CONTROL = Control(
    id="test-line-arrived",
    title="A test line has lately been seen at the log host",
    why=(
        "Only who looks at the log host knows that lines arrive there; a sender that "
        "is connected may be thrown away at the other end."
    ),
    impact="None.",
    severity=Severity.LOW,
    tips=("T09",),
    check=on_hosts(Layer.RUNNING, (RSYSLOG, SERVERS), _look),
    refs=(),
    note=(
        "`zmward logs forward --seen-by` keeps when it saw its line there. The number "
        "of days is log-arrival-days of the profile's thresholds."
    ),
    examples=(
        passes(
            raw={"rsyslog": _SEEN.format("log.example.net", "2026-11-20")}, now=_NOW
        ),
        fails(raw={"rsyslog": _SEEN.format("log.example.net", "2026-09-20")}, now=_NOW),
        unsure(
            raw={"rsyslog": _SEEN.format("log.example.net", "2026-12-20")}, now=_NOW
        ),
        unsure(
            raw={"rsyslog": _SEEN.format("old.example.net", "2026-11-20")}, now=_NOW
        ),
        unsure(raw={"rsyslog": _FORWARD}, now=_NOW),
        unsure(missing=("rsyslog",)),
        unconcerned(raw={"rsyslog": "> /etc/rsyslog.conf\n mail.* /var/log/mail\n"}),
        unconcerned(raw={"rsyslog": f"> /etc/rsyslog.conf\n mail.* @{_NODE}\n"}),
    ),
)
