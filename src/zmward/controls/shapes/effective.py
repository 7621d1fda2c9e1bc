"""The value that takes effect on a server or on an account."""

from zmward.controls.shapes.wanted import Values
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.sources.accounts import Admin
from zmward.sources.directory import Entry


def server_value(facts: Facts, server: Entry, attribute: str) -> Values:
    """Return a server's own values, or else those of the global configuration."""
    return server.own(attribute) or facts.config().own(attribute)


def class_of(facts: Facts, name: str, identifier: str) -> Entry:
    """Return the class of service of an account: its own, its domain's, `default`."""
    coses = facts.coses()
    domain = name.rpartition("@")[2].lower()
    chosen = identifier or next(
        (
            d.one("zimbraDomainDefaultCOSId")
            for d in facts.domains()
            if d.name.lower() == domain
        ),
        "",
    )
    found = next((cos for cos in coses if chosen and cos.id == chosen), None)
    if found is None:  # a class that is gone counts as none
        found = next((cos for cos in coses if cos.name == "default"), None)
    if found is None:
        raise Unseen(Missing(f"the class of service of {name} is not known"))
    return found


def admin_value(facts: Facts, admin: Admin, attribute: str) -> Values:
    """Return an administrator's own values, or else those of the class of service."""
    own = admin.own.get(attribute, ())
    return own or class_of(facts, admin.name, admin.cos).own(attribute)
