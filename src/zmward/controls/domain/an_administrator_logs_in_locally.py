"""A global administrator can log in while every other directory is down."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.authentication import (
    admins_external,
    external,
    falling_back,
    local_admins,
)
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin
from zmward.sources.directory import DOMAINS


def _look(facts: Facts) -> Iterator[Judgement]:
    if not any(external(d) or admins_external(d) for d in facts.domains()):
        reason = "no domain authenticates elsewhere"
        yield not_concerned(Layer.DECLARED, "directory", reason)
        return
    names = [admin.name for admin in (*local_admins(facts), *falling_back(facts))]
    if names:
        seen = ", ".join(names[:5])
        yield sound(Layer.DECLARED, "directory", source="ldap-accounts", seen=seen)
        return
    yield deviates(
        Layer.DECLARED,
        "directory",
        "every active global administrator has its password elsewhere",
        "one with a local password",
        no_cure="Make one in a domain with the mechanism zimbra, or set "
        "zimbraAuthMechAdmin to zimbra on the domain of one.",
        source="ldap-accounts",
    )


_EXTERNAL = {"zimbraAuthMech": "ad"}
_LOCAL = (Admin("root@local.example", "active"),)
_FOREIGN = (Admin("root@example.com", "active"),)


CONTROL = Control(
    id="an-administrator-logs-in-locally",
    title="A global administrator can log in while every other directory is down",
    why=(
        "When the directory that holds the passwords fails, nobody could even "
        "change the setting that keeps everybody out."
    ),
    impact=(
        "None: an administrator in a domain with local passwords is one more "
        "account to guard."
    ),
    severity=Severity.HIGH,
    tips=("T26", "T20"),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (DOMAINS, ACCOUNTS), _look),
    refs=(),
    note=(
        "Up to 8.8.15 P46, 9.0.0 P39 and 10.0.7 global administrators fell back "
        "to their local password by themselves; later releases lock them out."
    ),
    examples=(
        passes(domains={"example.com": _EXTERNAL, "local.example": {}}, admins=_LOCAL),
        passes(
            domains={"example.com": {**_EXTERNAL, "zimbraAuthMechAdmin": "zimbra"}},
            admins=_FOREIGN,
        ),
        passes(
            domains={"example.com": {**_EXTERNAL, "zimbraAuthFallbackToLocal": "TRUE"}},
            admins=_FOREIGN,
        ),
        fails(domains={"example.com": _EXTERNAL, "local.example": {}}, admins=_FOREIGN),
        fails(
            domains={"example.com": _EXTERNAL, "local.example": {}},
            admins=(*_FOREIGN, Admin("root@local.example", "locked")),
        ),
        unconcerned(domains={"local.example": {}}, admins=_LOCAL),
        unsure(domains={"example.com": _EXTERNAL}, missing=("ldap-accounts",)),
    ),
)
