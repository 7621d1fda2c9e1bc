"""The monthly program that mails of certificates about to expire."""

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

_FIELDS = ("program", "mailer", "line")


class Notifier(msgspec.Struct, frozen=True):
    """Its lines in zimbra's crontab, whether it is there, where Mail::Mailer is."""

    lines: tuple[str, ...]
    program: bool
    mailers: tuple[str, ...]


def parse(answer: str) -> Notifier:
    """Read `field value` lines."""
    found: dict[str, list[str]] = {field: [] for field in _FIELDS}
    for line in answer.splitlines():
        field, blank, value = line.partition(" ")
        if not blank or field not in found:
            raise Unreadable(f"notifier: not a field: {line[:60]!r}")
        found[field].append(value.strip())
    if found["program"] not in (["yes"], ["no"]):
        raise Unreadable("notifier: the answer does not say whether it exists")
    return Notifier(
        tuple(found["line"]), found["program"] == ["yes"], tuple(found["mailer"])
    )


EXPIRY_NOTIFIER = Source(
    name="expiry-notifier",
    about="Who is told when a certificate is about to expire.",
    question=Snippet(
        """
program=/opt/zimbra/libexec/zmcheckexpiredcerts
if [ -x "$program" ]; then printf 'program yes\\n'; else printf 'program no\\n'; fi
for folder in /opt/zimbra/common/lib/perl5 /usr/share/perl5 \\
    /usr/share/perl5/vendor_perl /usr/local/share/perl5 /usr/local/share/perl/5.*; do
    [ ! -f "$folder/Mail/Mailer.pm" ] || printf 'mailer %s\\n' "$folder"
done
for table in /var/spool/cron/crontabs/zimbra /var/spool/cron/zimbra; do
    [ ! -f "$table" ] || awk '!/^[ \\t]*#/ && /zmcheckexpiredcerts/ {
        print "line " $0 }' "$table"
done
"""
    ),
    parse=parse,
)
