"""Accounts that nobody uses are locked."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.logons import month_end, precision
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Accounts, Census, Group
from zmward.sources.directory import CONFIG

_WEEKLY = {"zimbraLastLogonTimestampFrequency": "7d"}
_SHOWN = 20


def _old(found: Mapping[str, Group], oldest: datetime) -> Group:
    """Add up the months that were over before `oldest`."""
    count, names = 0, list[str]()
    for month, group in sorted(found.items()):
        end = month_end(month)
        if end is not None and end < oldest:
            count += group.count
            names += group.names
    return Group(count, tuple(names[:_SHOWN]))


def _look(facts: Facts) -> Iterator[Judgement]:
    days = facts.profile.thresholds.stale_account_days
    oldest = facts.now - timedelta(days=days) - precision(facts)
    census = facts.read(ACCOUNTS).census
    for found, what in ((census.last_logon, "last used"), (census.never, "never used")):
        group = _old(found, oldest)
        odd = sum(g.count for month, g in found.items() if month_end(month) is None)
        subject = f"accounts {what}"
        text = f"{group.count} before {oldest:%Y-%m-%d}: {', '.join(group.names)}"
        if group.count:
            yield deviates(
                Layer.DECLARED,
                subject,
                text,
                f"used within {days} days, or locked",
                no_cure="Ask, then: zmprov ma NAME zimbraAccountStatus locked. "
                "`zmward accounts` will review them.",
                source="ldap-accounts",
            )
        elif odd:
            yield unknown(Layer.DECLARED, subject, f"{odd} accounts tell no time")
        else:
            yield sound(Layer.DECLARED, subject, source="ldap-accounts", seen=text)


def _census(used: Mapping[str, int], never: Mapping[str, int]) -> Accounts:
    census = Census(
        last_logon={m: Group(n, (f"u@{m}.example.com",)) for m, n in used.items()},
        never={m: Group(n, (f"n@{m}.example.com",)) for m, n in never.items()},
    )
    return Accounts(0, (), {}, {}, {}, census)


CONTROL = Control(
    id="no-forgotten-accounts",
    title="Accounts that nobody uses are locked",
    why=(
        "The owner of a forgotten account does not notice that somebody else uses it."
    ),
    impact="Who comes back has the account unlocked.",
    severity=Severity.LOW,
    tips=("T30",),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (ACCOUNTS, CONFIG), _look),
    refs=(),
    note=(
        "Accounts are counted by the month of their last logon, or of their "
        "creation. Lock, never close. Mailboxes that only others read look "
        "unused: waive them."
    ),
    examples=(
        passes(config=_WEEKLY, ldap_accounts=_census({"202610": 40}, {"202611": 2})),
        fails(config=_WEEKLY, ldap_accounts=_census({"202610": 40, "202501": 3}, {})),
        fails(config=_WEEKLY, ldap_accounts=_census({"202610": 40}, {"202401": 2})),
        unsure(
            config={**_WEEKLY, "zimbraEphemeralBackendURL": "ssdb://db:8888"},
            ldap_accounts=_census({}, {"202401": 2}),
        ),
        unsure(config=_WEEKLY, ldap_accounts=_census({"202610": 40}, {"": 2})),
        unsure(config=_WEEKLY, missing=("ldap-accounts",)),
    ),
)
