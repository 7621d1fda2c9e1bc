"""The crontab of user zimbra: Zimbra's own block and what stands outside of it."""

import re

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable, contents

_START = "# ZIMBRASTART"
_END = "# ZIMBRAEND"


class Crontab(msgspec.Struct, frozen=True):
    """Jobs inside and outside of Zimbra's markers; comments and blanks left out."""

    path: str
    inside: tuple[str, ...]
    outside: tuple[str, ...]
    marked: bool

    @property
    def jobs(self) -> tuple[str, ...]:
        """Return every job."""
        return self.inside + self.outside

    def log_days(self) -> int | None:
        """Return after how many days audit.log and mailbox.log are deleted."""
        for job in self.jobs:
            days = re.search(r"/opt/zimbra/log/? .*\*\.log.* -mtime \+(\d{1,5})", job)
            if days:
                return int(days[1])
        return None


def parse(answer: str) -> Crontab:
    """Read the one crontab that there is."""
    files = contents(answer)
    if len(files) != 1:
        raise Unreadable(f"{len(files)} crontabs of user zimbra were found")
    path, text = next(iter(files.items()))
    within = marked = False
    inside: list[str] = []
    outside: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith((_START, _END)):
            within = bare.startswith(_START)
            marked = True
        elif bare and not bare.startswith("#"):
            (inside if within else outside).append(bare)
    if within:
        raise Unreadable("the crontab of user zimbra has no end of Zimbra's block")
    return Crontab(path, tuple(inside), tuple(outside), marked)


CRONTAB = Source(
    name="crontab-zimbra",
    about="The crontab of user zimbra; passwords in it are masked.",
    question=Snippet(
        r"""
for file in /var/spool/cron/crontabs/zimbra /var/spool/cron/zimbra; do
    [ -f "$file" ] || continue
    contents "$file" | masked
    return
done
printf 'crontab of user zimbra: No such file or directory\n' >&2
return 1
"""
    ),
    parse=parse,
)
