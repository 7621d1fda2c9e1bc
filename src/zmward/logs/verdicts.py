"""What a source or an account's failures amount to, by the profile's thresholds."""

from zmward.logs.tally import Party, Tally
from zmward.profile import Logs

# The order of gravity; words of the JSON document as well.
VERDICTS = (
    *("got-in", "spraying", "distributed", "brute-force", "enumeration"),
    *("probing", "shared", "few"),
)
# From so many good logins on, failures beside them are those of an office or proxy.
_SHARED = 10


def of_source(party: Party, logs: Logs, *, won: bool) -> str:
    """Return the gravest that can be said of a source."""
    many = len(party.others) >= _SHARED
    unknown = party.unknown
    judged = (
        ("shared", many and party.successes >= max(party.failures, _SHARED)),
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


def winners(tally: Tally) -> tuple[frozenset[str], frozenset[str]]:
    """Return the sources and the accounts that had a success after failures."""
    return (
        frozenset(win.source for win in tally.wins),
        frozenset(win.account for win in tally.wins),
    )
