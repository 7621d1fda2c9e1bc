"""After how many failed logins a site shuts out, as far as its evidence tells."""

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.scan.login import Guards
from zmward.sources.fail2ban import FAIL2BAN

_ENABLED = "zimbraPasswordLockoutEnabled"
_FAILURES = "zimbraPasswordLockoutMaxFailures"
_FILTER = "zimbraInvalidLoginFilterMaxFailedLogin"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


def _strictest(found: list[int | None]) -> int | None:
    """Return the smallest limit, 0 where there is none; None where one is unknown."""
    if None in found or not found:
        return None
    limits = [number for number in found if number]
    return min(limits, default=0)


def _lockout(facts: Facts) -> int | None:
    """Return the strictest class of service's: whose the account is, nobody asked."""
    return _strictest(
        [
            _number(cos.one(_FAILURES)) if cos.one(_ENABLED) == "TRUE" else 0
            for cos in facts.coses()
        ]
    )


def _login_filter(facts: Facts) -> int | None:
    everywhere = facts.config().one(_FILTER)
    servers = facts.servers("mailbox")
    return _strictest([_number(s.one(_FILTER) or everywhere) for s in servers])


def _jail(facts: Facts) -> int | None:
    """Return 0 where no host has a jail; how often jails look away is not read."""
    for host in facts.hosts():
        if not facts.absent(FAIL2BAN, host) and facts.read(FAIL2BAN, host).jails:
            return None
    return 0


def guards(facts: Facts) -> Guards:
    """Return what could act on failed logins; None where nobody knows."""
    found: dict[str, int | None] = {}
    for name, asked in (
        ("lockout", _lockout),
        ("login_filter", _login_filter),
        ("jail", _jail),
    ):
        try:
            found[name] = asked(facts)
        except Unseen:
            found[name] = None
    return Guards(**found)
