"""audit.log is kept long enough to look back."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.logs._shipping import file_sent, names
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.crontab import CRONTAB
from zmward.sources.logging import RSYSLOG

_AUDIT = "/opt/zimbra/log/audit.log"


def _shipped(facts: Facts, host: str) -> tuple[str, bool]:
    """Return to where audit.log surely goes, and whether it may go anywhere."""
    try:
        found = facts.read(RSYSLOG, host)
    except Unseen:
        return "", False
    own = names(host)
    targets = {one.target for one in found.forwards} - own
    for one in found.forwards:
        others = (targets - {one.target}) | own
        if one.target in targets and file_sent(found, _AUDIT, others).sure:
            return one.target, True
    return "", file_sent(found, _AUDIT, own).may != 0


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    target, perhaps = _shipped(facts, host)
    if target:
        seen = f"audit.log goes to {target}"
        yield sound(Layer.LASTING, host, source="rsyslog", seen=seen)
        return
    days = facts.read(CRONTAB, host).log_days()
    least = facts.profile.thresholds.log_days
    if days is None:
        reason = "the crontab of zimbra does not say when logs are deleted"
        yield unknown(Layer.LASTING, host, reason)
    elif days >= least:
        seen = f"deleted after {days} days"
        yield sound(Layer.LASTING, host, source="crontab-zimbra", seen=seen)
    elif perhaps:
        reason = f"deleted after {days} days; that all of it is sent is not known"
        yield unknown(Layer.LASTING, host, f"audit.log is {reason}")
    else:
        yield deviates(
            Layer.LASTING,
            host,
            f"audit.log and mailbox.log are deleted after {days} days, and go nowhere",
            f"{least} days, here or on a log server",
            no_cure="Send them to a log server. The line stands inside Zimbra's block "
            "of the crontab: a change there is lost at the next upgrade.",
            source="crontab-zimbra",
        )


_CRON = (
    "> /var/spool/cron/crontabs/zimbra\n # ZIMBRASTART -- DO NOT EDIT\n"
    " 30 2 * * * find /opt/zimbra/log/ -type f -name \\*.log\\* -mtime +{} -exec rm "
    "{{}} \\; > /dev/null 2>&1\n # ZIMBRAEND -- DO NOT EDIT\n"
)
_LOCAL = "> /etc/rsyslog.conf\n mail.* /var/log/mail.log\n"
_SENT = (
    "> /etc/rsyslog.conf\n {} @@log.example.net\n"
    ' input(type="imfile" File="/opt/zimbra/log/audit.log" Tag="a:"{})\n'
)

CONTROL = Control(
    id="audit-log-kept",
    title="audit.log is kept long enough to look back",
    why="Break-ins are found after weeks; Zimbra deletes its logs after eight days.",
    impact="Disk space, and personal data that is kept longer.",
    severity=Severity.LOW,
    tips=("T09",),
    roles=("mailbox",),
    check=on_hosts(Layer.LASTING, (CRONTAB, RSYSLOG), _look, role="mailbox"),
    refs=(),
    note="The number of days is log-days of the profile's thresholds.",
    examples=(
        passes(raw={"crontab-zimbra": _CRON.format(31), "rsyslog": _LOCAL}),
        passes(
            raw={
                "rsyslog": _SENT.format("*.*", ""),
            }
        ),
        *(
            fails(raw={"crontab-zimbra": _CRON.format(8), "rsyslog": text})
            for text in (
                _LOCAL,
                _SENT.format("kern.*", ""),
                _SENT.format("*.*", ' ruleset="local"'),
            )
        ),
        unsure(
            raw={
                "crontab-zimbra": _CRON.format(8),
                "rsyslog": _SENT.format("if $msg != '' then", ""),
            }
        ),
        unsure(missing=("crontab-zimbra",), raw={"rsyslog": _LOCAL}),
    ),
)
