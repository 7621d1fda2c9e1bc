"""No account has the old flag of domain administrators."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin


def _look(facts: Facts) -> Iterator[Judgement]:
    admins = facts.read(ACCOUNTS).admins
    flagged = [admin.name for admin in admins if admin.by_domain]
    if not flagged:
        yield sound(Layer.DECLARED, "directory")
    for name in flagged:
        yield deviates(
            Layer.DECLARED,
            f"account:{name}",
            "zimbraIsDomainAdminAccount: TRUE",
            "not set",
            no_cure=f"zmprov ma {name} zimbraIsDomainAdminAccount FALSE",
            source="ldap-accounts",
        )


CONTROL = Control(
    id="no-domain-administrators-of-old",
    title="No account has the old flag of domain administrators",
    why=(
        "The flag gives rights that no list of grants shows; it was replaced by "
        "delegated administration."
    ),
    impact="The account gets delegated rights instead.",
    severity=Severity.LOW,
    tips=("T20",),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (ACCOUNTS,), _look),
    refs=(),
    examples=(
        passes(admins=(Admin("root@example.com", "active"),)),
        fails(
            admins=(Admin("old@example.com", "active", delegated=True, by_domain=True),)
        ),
        unsure(missing=("ldap-accounts",)),
    ),
)
