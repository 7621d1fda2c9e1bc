"""No more people are global administrators than the profile allows."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin

# A lockout and maintenance end by themselves; these states do not.
_OUT = ("locked", "closed", "pending")


def _look(facts: Facts) -> Iterator[Judgement]:
    most = facts.profile.thresholds.admin_accounts
    admins = [a for a in facts.read(ACCOUNTS).admins if not a.delegated]
    if not admins:
        yield unknown(Layer.DECLARED, "directory", "no global administrator was found")
        return
    names = [admin.name for admin in admins if admin.status not in _OUT]
    text = f"{len(names)} active: {', '.join(names[:20])}"
    if len(names) <= most:
        yield sound(Layer.DECLARED, "directory", source="ldap-accounts", seen=text)
        return
    yield deviates(
        Layer.DECLARED,
        "directory",
        text,
        f"at most {most}",
        no_cure="Lock those that are not needed, never the last one: "
        "zmprov ma NAME zimbraAccountStatus locked",
        source="ldap-accounts",
    )


CONTROL = Control(
    id="few-global-administrators",
    title="No more people are global administrators than the profile allows",
    why=(
        "Each global administrator can read all mail and change everything: every"
        " one of them is a way in."
    ),
    impact="Administrators who need less get delegated rights instead.",
    severity=Severity.MEDIUM,
    tips=("T20",),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (ACCOUNTS,), _look),
    refs=(),
    note=(
        "Lock, never close: closed takes the addresses off all distribution "
        "lists, for good. The principals below cn=admins and cn=appaccts are no "
        "accounts of people and are left alone. Whether an account is shared by "
        "several people no server can tell."
    ),
    examples=(
        passes(admins=(Admin("root@example.com", "active"),)),
        passes(admins=tuple(Admin(f"a{n}@example.com", "locked") for n in range(9))),
        fails(admins=tuple(Admin(f"a{n}@example.com", "active") for n in range(6))),
        fails(
            profile={"thresholds": {"admin-accounts": 1}},
            admins=tuple(Admin(f"a{n}@example.com", "active") for n in range(2)),
        ),
        fails(admins=tuple(Admin(f"a{n}@example.com", "lockout") for n in range(6))),
        unsure(admins=()),
        unsure(missing=("ldap-accounts",)),
    ),
)
