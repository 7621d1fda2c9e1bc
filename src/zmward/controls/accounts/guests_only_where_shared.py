"""Guests have accounts only where sharing with guests is on."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS
from zmward.sources.directory import COSES

_SHARING = "zimbraExternalSharingEnabled"


def _look(facts: Facts) -> Iterator[Judgement]:
    accounts = facts.read(ACCOUNTS)
    guests = accounts.groups.get("guest")
    closed = sum(
        count
        for what, count in accounts.census.statuses.items()
        if what.startswith("guest ") and what != "guest active"
    )
    count = guests.count - closed if guests else 0
    shares = any(cos.one(_SHARING) != "FALSE" for cos in facts.coses())
    shares = shares or "TRUE" in accounts.overrides.get(_SHARING, {})
    names = ", ".join(guests.names[:20]) if guests else ""
    text = f"{count} active guests: {names}"
    if count <= 0 or shares:
        yield sound(Layer.DECLARED, "directory", source="ldap-accounts", seen=text)
        return
    yield deviates(
        Layer.DECLARED,
        "directory",
        text,
        "none",
        no_cure="Revoke their shares, then close them: zmprov ma NAME "
        "zimbraAccountStatus closed",
        source="ldap-accounts",
    )


CONTROL = Control(
    id="guests-only-where-shared",
    title="Guests have accounts only where sharing with guests is on",
    why=(
        "A guest keeps the login after sharing was switched off, and nobody looks"
        " after that password."
    ),
    impact="Guests who still need something lose it.",
    severity=Severity.LOW,
    tips=("T30", "T28"),
    roles=("mailbox",),
    check=on_directory(Layer.DECLARED, (ACCOUNTS, COSES), _look),
    refs=(),
    note=("A guest is in no distribution list of users, so closing it loses nothing."),
    examples=(
        passes(cos={"default": {_SHARING: "FALSE"}}, groups={}),
        passes(
            cos={"default": {_SHARING: "TRUE"}},
            groups={"guest": ["visitor@example.com"]},
        ),
        passes(
            cos={"default": {_SHARING: "FALSE"}},
            groups={"guest": ["visitor@example.com"]},
            accounts={_SHARING: {"TRUE": ["boss@example.com"]}},
        ),
        fails(
            cos={"default": {_SHARING: "FALSE"}},
            groups={"guest": ["visitor@example.com"]},
        ),
        unsure(cos={"default": {_SHARING: "FALSE"}}, missing=("ldap-accounts",)),
    ),
)
