"""Accounts of administrators that nobody uses are locked."""

from collections.abc import Iterator
from datetime import timedelta

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.logons import moment_of, precision
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin
from zmward.sources.directory import CONFIG

_WEEKLY = {"zimbraLastLogonTimestampFrequency": "7d"}


def _look(facts: Facts) -> Iterator[Judgement]:
    days = facts.profile.thresholds.stale_admin_days
    oldest = facts.now - timedelta(days=days) - precision(facts)
    admins = facts.read(ACCOUNTS).admins
    if not any(not admin.delegated for admin in admins):
        raise Unseen(Missing("no global administrator was found"))
    for admin in admins:
        if admin.status != "active":
            continue
        subject = f"account:{admin.name}"
        logon = moment_of(admin.last_logon)
        used = logon or moment_of(admin.created)
        text = f"last logon {logon:%Y-%m-%d}" if logon else "nobody ever logged in"
        if used is None:
            yield unknown(Layer.DECLARED, subject, "neither logon nor creation is told")
        elif used >= oldest:
            yield sound(Layer.DECLARED, subject, source="ldap-accounts", seen=text)
        else:
            yield deviates(
                Layer.DECLARED,
                subject,
                text,
                f"a logon within {days} days, or locked",
                no_cure="Unless it is the last one that works: "
                f"zmprov ma {admin.name} zimbraAccountStatus locked",
                source="ldap-accounts",
            )
    yield sound(Layer.DECLARED, "directory")


CONTROL = Control(
    id="administrators-in-use",
    title="Accounts of administrators that nobody uses are locked",
    why=(
        "Nobody notices when somebody else logs in to an account that its owner "
        "has forgotten."
    ),
    impact="Who needs the account again has it unlocked.",
    severity=Severity.HIGH,
    tips=("T20",),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (ACCOUNTS, CONFIG), _look),
    refs=(),
    note=(
        "The recorded time is as exact as zimbraLastLogonTimestampFrequency, "
        "which is allowed for. Lock, never close: closed takes the addresses off "
        "all distribution lists."
    ),
    examples=(
        passes(
            config=_WEEKLY,
            admins=(Admin("root@example.com", "active", last_logon="20261101000000Z"),),
        ),
        passes(
            config=_WEEKLY,
            admins=(Admin("new@example.com", "active", created="20261110000000.123Z"),),
        ),
        passes(
            config=_WEEKLY,
            admins=(Admin("old@example.com", "locked", last_logon="20200101000000Z"),),
        ),
        fails(
            config=_WEEKLY,
            admins=(Admin("old@example.com", "active", last_logon="20260101000000Z"),),
        ),
        fails(
            config=_WEEKLY,
            admins=(Admin("never@example.com", "active", created="20250101000000Z"),),
        ),
        unsure(config=_WEEKLY, admins=()),
        unsure(config=_WEEKLY, admins=(Admin("odd@example.com", "active"),)),
        unsure(
            config={**_WEEKLY, "zimbraEphemeralBackendURL": "ssdb://db:8888"}, admins=()
        ),
        unsure(config={"zimbraLastLogonTimestampFrequency": "0"}, admins=()),
    ),
)
