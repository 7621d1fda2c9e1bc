"""Where each kind of entry stands in the tree and what it is called by."""

from dataclasses import dataclass

import ldap

from .directory import escaped
from .errors import no_such

CONFIG_DN = "cn=config,cn=zimbra"
ADMINS_DN = "cn=admins,cn=zimbra"


@dataclass(frozen=True)
class Kind:
    """How the entries of a kind are found."""

    base: str
    scope: int
    object_filter: str
    name_attribute: str


KINDS = {
    "server": Kind(
        "cn=servers,cn=zimbra",
        ldap.SCOPE_ONELEVEL,
        "(objectClass=zimbraServer)",
        "cn",
    ),
    "cos": Kind(
        "cn=cos,cn=zimbra", ldap.SCOPE_ONELEVEL, "(objectClass=zimbraCOS)", "cn"
    ),
    "zimlet": Kind(
        "cn=zimlets,cn=zimbra",
        ldap.SCOPE_ONELEVEL,
        "(objectClass=zimbraZimletEntry)",
        "cn",
    ),
    "domain": Kind(
        "", ldap.SCOPE_SUBTREE, "(objectClass=zimbraDomain)", "zimbraDomainName"
    ),
    "account": Kind(
        "",
        ldap.SCOPE_SUBTREE,
        "(&(objectClass=zimbraAccount)(!(objectClass=zimbraCalendarResource)))",
        "zimbraMailDeliveryAddress",
    ),
    "resource": Kind(
        "",
        ldap.SCOPE_SUBTREE,
        "(objectClass=zimbraCalendarResource)",
        "zimbraMailDeliveryAddress",
    ),
    "group": Kind(
        "",
        ldap.SCOPE_SUBTREE,
        "(|(objectClass=zimbraDistributionList)(objectClass=zimbraGroup))",
        "mail",
    ),
    "distributionlist": Kind(
        "", ldap.SCOPE_SUBTREE, "(objectClass=zimbraDistributionList)", "mail"
    ),
    "dynamicgroup": Kind("", ldap.SCOPE_SUBTREE, "(objectClass=zimbraGroup)", "mail"),
    "alias": Kind("", ldap.SCOPE_SUBTREE, "(objectClass=zimbraAlias)", "uid"),
}

# kind -> way of naming -> filter
_BY = {
    "server": {"name": "(cn={})", "serviceHostname": "(zimbraServiceHostname={})"},
    "cos": {"name": "(cn={})"},
    "zimlet": {"name": "(cn={})"},
    "domain": {
        "name": "(zimbraDomainName={})",
        "virtualHostname": "(zimbraVirtualHostname={})",
    },
    "account": {
        "name": "(|(zimbraMailDeliveryAddress={0})(zimbraMailAlias={0}))",
        "adminName": "(uid={})",
        "foreignPrincipal": "(zimbraForeignPrincipal={})",
    },
    "group": {"name": "(|(mail={0})(zimbraMailAlias={0}))"},
}
_BY["resource"] = {"name": _BY["account"]["name"]}
_BY["distributionlist"] = _BY["dynamicgroup"] = _BY["group"]


def lookup_filter(kind: str, by: str, key: str) -> str:
    """Return the filter that finds one entry of a kind."""
    template = "(zimbraId={})" if by == "id" else _BY.get(kind, {}).get(by)
    if template is None:
        raise no_such(kind, key)
    return f"(&{_objects(kind)}{template.format(escaped(key))})"


def _objects(kind: str) -> str:
    if kind == "account":
        return "(objectClass=zimbraAccount)"
    return KINDS[kind].object_filter
