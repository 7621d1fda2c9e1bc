"""Administrators must choose longer passwords than users."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.authentication import (
    always_falls_back,
    falling_back,
    has_local_password,
    last_working,
)
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.effective import admin_value
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin
from zmward.sources.directory import COSES, DOMAINS, SERVERS
from zmward.sources.packages import PACKAGES

_LENGTH = "zimbraPasswordMinLength"


def _look(facts: Facts) -> Iterator[Judgement]:
    found = [a for a in facts.read(ACCOUNTS).admins if not a.delegated]
    admins = [admin for admin in found if admin.status == "active"]
    falling = falling_back(facts)
    local = [a for a in admins if a in falling or has_local_password(facts, a)]
    if admins and not local and always_falls_back(facts):
        local = admins
    if admins and not local:
        reason = "the passwords of all administrators are kept elsewhere"
        yield not_concerned(Layer.DECLARED, "directory", reason)
    last = last_working(facts)
    for admin in local:
        yield _one(facts, admin, last)


def _one(facts: Facts, admin: Admin, last: str) -> Judgement:
    wanted = facts.profile.thresholds.admin_password_length
    subject = f"account:{admin.name}"
    value = "".join(admin_value(facts, admin, _LENGTH))
    text = f"{_LENGTH}: {value or '(not set)'}"
    if not value.isdecimal():
        return unknown(Layer.DECLARED, subject, text)
    if int(value) >= wanted:
        return sound(Layer.DECLARED, subject, source="directory", seen=text)
    command = f"zmprov ma {admin.name} {_LENGTH} {wanted}"
    if admin.name == last:
        reason = f"No plan touches the last administrator who can log in: {command}."
    elif admin.own.get(_LENGTH):
        # A value of the account's own is passwords-long-enough's to raise first.
        reason = f"The account has a rule of its own: {command}, then a new password."
    else:
        reason = ""
    return deviates(
        Layer.DECLARED,
        subject,
        text,
        f"{wanted} or more",
        cure=None if reason else SetAttr(subject, _LENGTH, None, (str(wanted),)),
        no_cure=reason,
        source="directory",
    )


_TWO = (Admin("anna@example.com", "active"), Admin("ben@example.com", "active"))

CONTROL = Control(
    id="administrator-passwords-long-enough",
    title="Administrators must choose longer passwords than users",
    why=("The password of an administrator is worth the most and is guessed the most."),
    impact=(
        "Nobody is locked out: the rule is applied when the password is next changed."
    ),
    severity=Severity.HIGH,
    tips=("T26", "T20"),
    roles=("mailbox",),
    check=on_directory(
        Layer.DECLARED,
        (ACCOUNTS, COSES, DOMAINS, SERVERS, PACKAGES),
        _look,
        cures=True,
        attributes=(_LENGTH,),
    ),
    refs=(),
    note=(
        "It judges the rule: how long the password is that is set now, no server "
        "can tell. A domain that authenticates elsewhere does not help where local "
        "passwords still open its accounts: by zimbraAuthFallbackToLocal, and for "
        "global administrators up to 8.8.15 P46, 9.0.0 P39 and 10.0.7 always. The only "
        "administrator who can log in is left to you, as by every repair."
    ),
    examples=(
        passes(
            cos={"default": {_LENGTH: "16"}},
            domains={},
            admins=(Admin("root@example.com", "active"),),
        ),
        passes(
            cos={"default": {_LENGTH: "8"}},
            domains={},
            admins=(
                Admin("root@example.com", "active", own={_LENGTH: ("20",)}),
                Admin("old@example.com", "locked"),
            ),
        ),
        passes(
            cos={
                "default": {_LENGTH: "8"},
                "admins": {_LENGTH: "16", "zimbraId": "id-7"},
            },
            domains={},
            admins=(Admin("root@example.com", "active", cos="id-7"),),
        ),
        passes(
            cos={
                "default": {_LENGTH: "8"},
                "admins": {_LENGTH: "16", "zimbraId": "id-7"},
            },
            domains={"example.com": {"zimbraDomainDefaultCOSId": "id-7"}},
            admins=(Admin("root@example.com", "active"),),
        ),
        fails(cos={"default": {_LENGTH: "12"}}, domains={}, admins=_TWO),
        fails(
            cos={"default": {_LENGTH: "12"}},
            domains={},
            admins=(_TWO[0], Admin("ben@example.com", "locked")),
        ),
        fails(
            cos={"default": {_LENGTH: "16"}},
            domains={},
            admins=(Admin("root@example.com", "active", own={_LENGTH: ("6",)}),),
        ),
        unconcerned(
            cos={"default": {_LENGTH: "6"}},
            domains={"example.com": {"zimbraAuthMech": "ad"}},
            admins=(Admin("root@example.com", "active"),),
        ),
        unsure(
            cos={"default": {}},
            domains={},
            admins=(Admin("root@example.com", "active"),),
        ),
        unsure(cos={}, domains={}, missing=("ldap-accounts",)),
    ),
)
