"""Somebody is told before a certificate expires."""

from collections.abc import Iterator

from msgspec.structs import replace

from zmward.change import SetCrontab
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import matching
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.crontab import CRONTAB
from zmward.sources.expiry_notifier import EXPIRY_NOTIFIER, Notifier

_ADDRESS = matching(
    r"[^@\s,]+@[^@\s,]+([ ,]+[^@\s,]+@[^@\s,]+)*", "a mail address that is read"
)
_LINE = "0 0 1 * * /opt/zimbra/libexec/zmcheckexpiredcerts -days 30 -email"
_NO_CURE = (
    "zimbra's crontab has a line of the site's own, or no block of Zimbra's: put the "
    f"shipped line there: {_LINE}"
)
_MISSING = "The program is Zimbra's own: reinstall zimbra-core's patch."
_UNTOLD = (
    "whether Perl has Mail::Mailer, without which the program exits silently, is not "
    "known"
)


def _cure(facts: Facts, host: str, found: Notifier) -> SetCrontab | None:
    """Return the shipped line in its place; a line of the site's own is not ours."""
    try:
        table = facts.read(CRONTAB, host)
    except Unseen:
        return None
    after = table.with_own_job(_LINE)
    if found.lines or not found.program or after is None:
        return None
    return SetCrontab(host, "zimbra", table.text, after)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(EXPIRY_NOTIFIER, host)
    if not any("-email" in line for line in found.lines):
        text = "zimbra's crontab does not run zmcheckexpiredcerts -email"
        cure = _cure(facts, host, found)
        reason = "" if cure else _NO_CURE
        yield deviates(
            Layer.LASTING, host, text, "a monthly line", cure=cure, no_cure=reason
        )
    elif not found.program:
        text = "/opt/zimbra/libexec/zmcheckexpiredcerts is not there"
        yield deviates(
            Layer.LASTING, host, text, "an executable program", no_cure=_MISSING
        )
    elif not found.mailers:
        yield unknown(Layer.LASTING, host, _UNTOLD)
    else:
        yield sound(Layer.LASTING, host, source="expiry-notifier", seen=found.lines[0])


_GOOD = Notifier(
    ("0 0 1 * * /opt/zimbra/libexec/zmcheckexpiredcerts -days 30 -email",),
    program=True,
    mailers=("/usr/share/perl5",),
)

_SILENT = Notifier((), program=True, mailers=("/usr/share/perl5",))
_TABLE = (
    "> /var/spool/cron/crontabs/zimbra\n # ZIMBRASTART -- DO NOT EDIT\n"
    " 40 2 * * * /opt/zimbra/libexec/zmcleantmp\n # ZIMBRAEND -- DO NOT EDIT\n"
)

CONTROL = Control(
    id="certificate-expiry-is-told",
    title="Somebody is told before a certificate expires",
    why=(
        "Zimbra's own monthly mail goes nowhere when its address is empty, its cron "
        "line is gone or Perl lacks a module, and it never says so."
    ),
    impact="Nobody is affected.",
    severity=Severity.MEDIUM,
    tips=("T38",),
    roles=(),
    check=layers(
        replace(localconfig("smtp_destination", _ADDRESS, unset=""), cures=False),
        on_hosts(Layer.LASTING, (EXPIRY_NOTIFIER, CRONTAB), _look, cures=True),
    ),
    refs=(),
    note=(
        "The shipped line runs on the first of each month only, so a certificate of 90"
        " days may expire between two runs: `zmward watch` looks daily. Where "
        "Mail::Mailer stands in none of Perl's usual folders, whether the program can "
        "mail is not known."
    ),
    examples=(
        passes(
            localconfig={"smtp_destination": "admin@example.com"}, expiry_notifier=_GOOD
        ),
        fails(localconfig={"smtp_destination": ""}, expiry_notifier=_GOOD),
        fails(localconfig={}, expiry_notifier=_GOOD),
        fails(
            localconfig={"smtp_destination": "admin@example.com"},
            expiry_notifier=_SILENT,
        ),
        fails(
            localconfig={"smtp_destination": "admin@example.com"},
            expiry_notifier=_SILENT,
            raw={"crontab-zimbra": _TABLE},
        ),
        fails(
            localconfig={"smtp_destination": "admin@example.com"},
            expiry_notifier=Notifier(
                _GOOD.lines, program=False, mailers=("/usr/share/perl5",)
            ),
        ),
        unsure(
            localconfig={"smtp_destination": "admin@example.com"},
            expiry_notifier=Notifier(_GOOD.lines, program=True, mailers=()),
        ),
        unsure(localconfig={"smtp_destination": "admin@example.com"}),
    ),
)
