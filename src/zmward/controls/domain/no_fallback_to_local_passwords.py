"""Domains that authenticate elsewhere accept no local passwords."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.authentication import (
    FALLBACK,
    admins_external,
    external,
    local_admins,
)
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin
from zmward.sources.directory import DOMAINS, Entry


def _keeps_an_admin(facts: Facts, changed: Entry) -> bool:
    """Say whether an administrator still gets in when the other directory is down."""
    return any(
        admin.name.rpartition("@")[2] != changed.name for admin in local_admins(facts)
    )


def _look(facts: Facts) -> Iterator[Judgement]:
    concerned = [d for d in facts.domains() if external(d) or admins_external(d)]
    if not concerned:
        reason = "no domain authenticates elsewhere"
        yield not_concerned(Layer.DECLARED, "directory", reason)
    for domain in concerned:
        own = domain.own(FALLBACK)
        text = f"{FALLBACK}: {', '.join(own) or '(not set)'}"
        if domain.one(FALLBACK) != "TRUE":
            yield sound(Layer.DECLARED, domain.label, source="directory", seen=text)
            continue
        safe = _keeps_an_admin(facts, domain)
        yield deviates(
            Layer.DECLARED,
            domain.label,
            text,
            "FALSE",
            cure=SetAttr(domain.label, FALLBACK, own, ("FALSE",)) if safe else None,
            no_cure=""
            if safe
            else "Every global administrator would depend on the other directory: make "
            "one in a domain with local passwords first.",
            source="directory",
        )


_EXTERNAL = {"zimbraAuthMech": "ad", "zimbraAuthLdapURL": "ldaps://dc.example.com"}
_LOCAL = (Admin("root@local.example", "active"),)


CONTROL = Control(
    id="no-fallback-to-local-passwords",
    title="Domains that authenticate elsewhere accept no local passwords",
    why=(
        "A local password that everybody has forgotten still opens the mailbox, "
        "past the rules, the lockout and the second factor of the other "
        "directory."
    ),
    impact="While the other directory is down nobody of the domain logs in.",
    severity=Severity.MEDIUM,
    tips=("T26",),
    roles=("mailbox",),
    locks_out=(
        "users of the domain, and its administrators from 9.0.0 P40, 10.0.8 and "
        "10.1 on, while the other directory is down"
    ),
    check=on_directory(
        Layer.DECLARED, (DOMAINS, ACCOUNTS), _look, cures=True, attributes=(FALLBACK,)
    ),
    refs=(),
    note=(
        "Not set means FALSE. Up to 8.8.15 P46, 9.0.0 P39 and 10.0.7 global "
        "administrators fell back to the local password all the same; newer "
        "releases lock them out with the rest. Guests of shares always have local"
        " passwords."
    ),
    examples=(
        passes(domains={"example.com": _EXTERNAL}, admins=_LOCAL),
        passes(
            domains={"example.com": {**_EXTERNAL, FALLBACK: "FALSE"}}, admins=_LOCAL
        ),
        fails(
            domains={
                "example.com": {**_EXTERNAL, FALLBACK: "TRUE"},
                "local.example": {},
            },
            admins=_LOCAL,
        ),
        fails(
            domains={"example.com": {**_EXTERNAL, FALLBACK: "TRUE"}},
            admins=(Admin("root@example.com", "active"),),
        ),
        fails(
            domains={"example.com": {"zimbraAuthMechAdmin": "ad", FALLBACK: "TRUE"}},
            admins=_LOCAL,
        ),
        unconcerned(domains={"local.example": {FALLBACK: "TRUE"}}, admins=_LOCAL),
        unsure(missing=("ldap-domains",), admins=_LOCAL),
    ),
)
