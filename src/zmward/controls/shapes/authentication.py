"""Where the passwords of a domain are: here, or in another directory."""

from zmward.catalog.level import fixed, level
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.accounts import ACCOUNTS, Admin
from zmward.sources.directory import Entry
from zmward.sources.packages import PACKAGES

FALLBACK = "zimbraAuthFallbackToLocal"
_LOCAL = ("", "zimbra")

# From here on an administrator falls back only where the domain says so.
_NO_LONGER = ((9, 0, 0, 40, 0), (10, 0, 8), (10, 1, 0))


def external(domain: Entry) -> bool:
    """Say whether users of a domain have their passwords elsewhere."""
    return domain.one("zimbraAuthMech") not in _LOCAL


def admins_external(domain: Entry) -> bool:
    """Say whether administrators of a domain have their passwords elsewhere."""
    mechanism = domain.one("zimbraAuthMechAdmin") or domain.one("zimbraAuthMech")
    return mechanism not in _LOCAL


def has_local_password(facts: Facts, admin: Admin) -> bool:
    """Say whether an administrator logs in by a password that Zimbra keeps."""
    name = admin.name.rpartition("@")[2].lower()
    domain = next((d for d in facts.domains() if d.name.lower() == name), None)
    return domain is None or not admins_external(domain)


def always_falls_back(facts: Facts) -> bool:
    """Say whether global administrators fall back on this release, told to or not."""
    for host in facts.hosts("mailbox"):
        packages = facts.read(PACKAGES, host)
        found = level(packages.get("zimbra-patch", packages.get("zimbra-core", "")))
        if found is None:
            raise Unseen(Missing(f"{host}: the installed version is not known"))
        if not fixed(found, _NO_LONGER):
            return True
    return False


def falling_back(facts: Facts) -> tuple[Admin, ...]:
    """Return the active global administrators whose domain takes local passwords."""
    domains = {d.name.lower() for d in facts.domains() if d.one(FALLBACK) == "TRUE"}
    return tuple(
        admin
        for admin in facts.read(ACCOUNTS).admins
        if admin.status == "active"
        and not admin.delegated
        and admin.name.rpartition("@")[2].lower() in domains
    )


def local_admins(facts: Facts) -> tuple[Admin, ...]:
    """Return the active global administrators who need no other directory."""
    admins = facts.read(ACCOUNTS).admins
    if not any(not admin.delegated for admin in admins):
        raise Unseen(Missing("no global administrator was found"))
    return tuple(
        admin
        for admin in admins
        if admin.status == "active"
        and not admin.delegated
        and has_local_password(facts, admin)
    )


def last_working(facts: Facts) -> str:
    """Return the only global administrator who can log in; empty where several can.

    Who needs another directory counts only where nobody does without one.
    """
    found = [admin for admin in facts.read(ACCOUNTS).admins if not admin.delegated]
    active = [admin for admin in found if admin.status == "active"]
    falling = falling_back(facts)
    here = [a for a in active if a in falling or has_local_password(facts, a)]
    able = here or active
    return able[0].name if len(able) == 1 else ""
