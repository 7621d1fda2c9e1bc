"""Mail of administrators is not forwarded."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin


def _look(facts: Facts) -> Iterator[Judgement]:
    accounts = facts.read(ACCOUNTS)
    forwarding = [admin.name for admin in accounts.admins if admin.forwards]
    if not forwarding:
        seen = f"{len(accounts.admins)} administrators, none forwards"
        yield sound(Layer.DECLARED, "directory", source="ldap-accounts", seen=seen)
    for name in forwarding:
        yield deviates(
            Layer.DECLARED,
            f"account:{name}",
            "mail is forwarded",
            "no forwarding address",
            no_cure=f"Ask the owner, then: zmprov ma {name} "
            "zimbraPrefMailForwardingAddress '' zimbraMailForwardingAddress ''",
            source="ldap-accounts",
        )


CONTROL = Control(
    id="administrators-forward-nothing",
    title="Mail of administrators is not forwarded",
    why=(
        "Whoever reads the mail of an administrator resets passwords and learns "
        "of every alarm; a forward is also how a thief stays."
    ),
    impact="The administrator reads the mailbox itself.",
    severity=Severity.HIGH,
    tips=("T20", "T30"),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (ACCOUNTS,), _look),
    refs=(),
    examples=(
        passes(admins=(Admin("root@example.com", "active"),)),
        fails(admins=(Admin("root@example.com", "active", forwards=True),)),
        fails(
            admins=(Admin("help@example.com", "active", delegated=True, forwards=True),)
        ),
        unsure(missing=("ldap-accounts",)),
    ),
)
