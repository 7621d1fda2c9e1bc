"""Rights that are given on everything, and the groups that make administrators."""

import re
from collections.abc import Mapping

import msgspec

from zmward.sources import ldif
from zmward.sources.source import Search, Source, Unreadable

_GRANTEE = re.compile(r"[A-Za-z0-9@._-]+")


class Grant(msgspec.Struct, frozen=True):
    """One right: who (id and type), whether it may be handed on or is denied."""

    grantee: str
    type: str
    right: str
    delegable: bool = False
    denied: bool = False


def grant(value: str) -> Grant:
    """Read one zimbraACE: `ID TYPE [SECRET] [+-]RIGHT`."""
    words = value.split()
    if len(words) < 3 or not _GRANTEE.fullmatch(words[0]):  # id, type, right
        raise Unreadable(f"zimbraACE: not a grant: {value[:60]!r}")
    right = words[-1]
    return Grant(
        grantee=words[0],
        type=words[1],
        right=right.lstrip("+-*"),
        delegable=right.startswith("+"),
        denied=right.startswith("-"),
    )


def parse_grants(answer: str) -> tuple[Grant, ...]:
    """Read the entry of global grants; it may hold none."""
    found = ldif.parse(answer)
    if len(found) != 1:
        raise Unreadable(f"cn=globalgrant,cn=zimbra: {len(found)} entries")
    return tuple(grant(value) for value in found[0].values.get("zimbraace", ()))


def parse_groups(answer: str) -> Mapping[str, int]:
    """Read the groups whose members are administrators: name → members."""
    found = {}
    for record in ldif.parse(answer):
        name = record.one("mail") or record.one("uid") or record.dn
        members = record.values.get("zimbramailforwardingaddress", ())
        found[name] = len(members)
    return found


GRANTS = Source(
    name="ldap-grants",
    about="Rights that are given on the whole directory.",
    question=Search(
        "cn=globalgrant,cn=zimbra", "base", "(objectClass=*)", ("cn", "zimbraACE")
    ),
    parse=parse_grants,
    directory=True,
)
ADMIN_GROUPS = Source(
    name="ldap-admin-groups",
    about="Groups whose members are administrators.",
    question=Search(
        "",
        "sub",
        "(&(|(objectClass=zimbraDistributionList)(objectClass=zimbraGroup))"
        "(zimbraIsAdminGroup=TRUE))",
        ("mail", "uid", "zimbraMailForwardingAddress"),
    ),
    parse=parse_groups,
    directory=True,
)
