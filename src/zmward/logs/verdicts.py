"""What a source or an account's failures amount to, by the profile's thresholds."""

from zmward.logs.party import Party
from zmward.logs.sending import Much
from zmward.logs.tally import Tally, Win
from zmward.profile import Logs

# The order of gravity; words of the JSON document as well.
VERDICTS = (
    *("got-in", "campaign", "spraying", "distributed", "brute-force", "enumeration"),
    *("probing", "shared", "few"),
)
# From so many good logins on, failures beside them are those of an office or proxy.
_SHARED = 10


def shared(party: Party) -> bool:
    """Return whether so many log in well there that failures are to be expected."""
    many = len(party.others) >= _SHARED
    return many and party.successes >= max(party.failures, _SHARED)


def of_source(party: Party, logs: Logs, *, won: bool, known: bool) -> str:
    """Return the gravest that can be said of a source."""
    unknown = party.unknown
    judged = (
        ("campaign", known and not won),
        ("shared", shared(party)),
        ("got-in", won),
        (
            "enumeration",
            unknown >= logs.unknown_accounts and unknown * 2 > party.failures,
        ),
        ("spraying", party.widest >= logs.accounts_per_source),
        ("brute-force", party.burst),
        ("probing", party.probes >= logs.failures),
    )
    return next((word for word, true in judged if true), "few")


def of_account(party: Party, logs: Logs, *, won: bool) -> str:
    """Return the gravest that can be said of what an account suffered."""
    if won:
        return "got-in"
    if party.widest >= logs.sources_per_account:
        return "distributed"
    return "brute-force" if party.burst else "few"


def of_recipients(party: Party, logs: Logs) -> str:
    """Return what a source's asking for recipients that do not exist amounts to."""
    return "enumeration" if party.widest >= logs.unknown_recipients else "few"


def of_preauth(refused: int, logs: Logs) -> str:
    """Return what the refused pre-authentications of a domain amount to."""
    return "guessing" if refused >= logs.refused_preauths else "few"


def of_sending(much: Much) -> str:
    """Return what very many messages amount to: without a past, nothing certain."""
    return "unusual" if much.before else "no-history"


def wins(tally: Tally, logs: Logs) -> tuple[Win, ...]:
    """Return the successes after failures, without the slips of an office."""
    return tuple(
        win
        for win in tally.wins
        if win.failures >= logs.success_after
        or not (party := tally.sources.get(win.source))
        or not shared(party)
    )
