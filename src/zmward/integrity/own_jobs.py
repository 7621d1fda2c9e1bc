"""Tells the jobs of user zimbra apart: Zimbra's own, and those of somebody else.

An upgrade writes the block between Zimbra's markers anew, from conf/crontabs.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from zmward.catalog.installation import Z
from zmward.sources.crontab import parted

TABLES: Final = ("/var/spool/cron/crontabs/zimbra", "/var/spool/cron/zimbra")
SHIPPED: Final = f"{Z}/conf/crontabs"
OUTSIDE, INSIDE = "job-outside-of-the-block", "job-inside-the-block"
_JOB: Final = re.compile(r"(?:@\w+|(?:\S+\s+){5})(.*)")
# Zimbra's own forms: a program of its own, or a clean-up by find; nothing behind it but
# where its output goes. Of bin and common only those that Zimbra's tables name, as
# others there run whatever they are given: java, perl, curl, zmjava, zmzimletctl. No
# path is given to any but SpamAssassin's.
_BIN: Final = (
    r"zm(?:trainsa|saupdate|cbpadmin|computequotausage|spamextract|backup|sacompile)"
)
_SA_PLACES: Final = (
    r"/opt/zimbra/(?:conf/s(?:alocal|a)\.cf|data/amavisd/\.spamassassin"
    r"|data/spamassassin/(?:localrules|rules|state))"
)
# Words that are no file's name: sa-learn loads modules that a file of settings names,
# and user zimbra has folders below the one where its jobs begin.
_LEARNS: Final = (
    r"--(?:force-expire|no-?sync|sync|spam|ham|local|mbox|showdots|no-rebuild|rebuild)"
)
_SETTINGS: Final = r"(?:-p|-C|--(?:prefspath|prefs-file|dbpath|(?:site)?configpath))"
# What find tells files apart by; all else of it may run or write something.
_TELLS: Final = (
    r"-(?:type [a-z]|(?:max|min)depth \d+|[acm](?:time|min) [+-]?\d+|size [+-]?\d+\w?"
    r"|name (?:'[\w.*?-]+'|[\w.*?\\-]+))"
)
_OWN: Final = re.compile(
    r"(?:\[ -[defx] /opt/zimbra/[\w./-]+ \] && )?"
    rf"(?:/opt/zimbra/(?:libexec/(?!zmjava)(?:zm|client_)[\w.-]+|bin/{_BIN})"
    r"(?: [\w=:@.,-]+)*"
    r"|/opt/zimbra/(?:common/bin|libexec)/sa-learn"
    rf"(?: {_LEARNS}| {_SETTINGS}[ =]{_SA_PLACES})*"
    rf"|find /opt/zimbra/(?:log|mailboxd/logs|data/\w+/\w+)/?(?: {_TELLS})+"
    r" -exec rm (?:-r?f )?\{\} \\;)"
    r"(?: *(?:2?>>? ?(?:/dev/null|/opt/zimbra/log/[\w.-]+|/tmp/[\w.-]+)|2>&1))*"
)


def own_form(job: str) -> bool:
    """Say whether a line is written as Zimbra writes its jobs."""
    match = _JOB.fullmatch(job)
    return match is not None and _OWN.fullmatch(match[1]) is not None


def foreign(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of user zimbra's table that are not Zimbra's, each with its rule.

    What stands outside of the markers is the site's or somebody else's; what stands
    inside is Zimbra's by its form alone, since anybody may write there.
    """
    if path not in TABLES:
        return
    found = parted(text)
    for job in found.outside:
        yield OUTSIDE, job
    for job in found.inside:
        if not own_form(job):
            yield INSIDE, job


def only_shipped(table: str, shipped: Iterable[str]) -> bool:
    """Say whether every job of a table is in one of the shipped tables.

    Jobs of the site's own, outside of the markers, are nobody's: then it is not so.
    """
    known = {line.strip() for text in shipped for line in text.split("\n")}
    found = parted(table)
    if found.open:
        return False
    return not found.outside and bool(found.inside) and set(found.inside) <= known
