"""Zimbra's directory: global config, servers, classes of service, domains."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from zmward.sources import ldif
from zmward.sources.source import Search, Source, Unreadable

Kind = Literal["config", "server", "cos", "domain", "account"]


class Entry(msgspec.Struct, frozen=True):
    """One object with its own values only, by lower-case attribute name."""

    kind: Kind
    name: str
    id: str
    values: Mapping[str, tuple[str, ...]]

    def own(self, attribute: str) -> tuple[str, ...]:
        """Return the values set on this very object."""
        return self.values.get(attribute.lower(), ())

    def one(self, attribute: str) -> str:
        """Return the first own value, or an empty text."""
        return next(iter(self.own(attribute)), "")

    @property
    def label(self) -> str:
        """Return how findings name the object: `cos:default`, `global`."""
        return "global" if self.kind == "config" else f"{self.kind}:{self.name}"


def _named(kind: Kind, attribute: str, answer: str) -> Iterator[Entry]:
    for record in ldif.parse(answer):
        name = record.one(attribute)
        if not name:
            raise Unreadable(f"{record.dn} has no {attribute}")
        yield Entry(kind, name, record.one("zimbraId"), record.values)


def parse_config(answer: str) -> Entry:
    """Read the one entry of the global configuration."""
    found = ldif.parse(answer)
    if len(found) != 1:
        raise Unreadable(f"cn=config,cn=zimbra: {len(found)} entries")
    return Entry("config", "global", "", found[0].values)


def _some(found: tuple[Entry, ...], place: str) -> tuple[Entry, ...]:
    """Refuse an answer without entries: none that may be read is not none."""
    if not found:
        raise Unreadable(f"{place}: no entries, so the search may not see them")
    return found


def parse_servers(answer: str) -> tuple[Entry, ...]:
    """Read the server entries; every installation has one."""
    return _some(tuple(_named("server", "cn", answer)), "cn=servers,cn=zimbra")


def parse_coses(answer: str) -> tuple[Entry, ...]:
    """Read the classes of service; every installation has one."""
    return _some(tuple(_named("cos", "cn", answer)), "cn=cos,cn=zimbra")


def parse_domains(answer: str) -> tuple[Entry, ...]:
    """Read the domains."""
    return tuple(_named("domain", "zimbraDomainName", answer))


CONFIG = Source(
    name="ldap-config",
    about="Zimbra's global configuration.",
    question=Search("cn=config,cn=zimbra", "base", "(objectClass=*)"),
    parse=parse_config,
    directory=True,
)
SERVERS = Source(
    name="ldap-servers",
    about="Every server of the installation.",
    question=Search("cn=servers,cn=zimbra", "one", "(objectClass=zimbraServer)"),
    parse=parse_servers,
    directory=True,
)
COSES = Source(
    name="ldap-cos",
    about="Every class of service.",
    question=Search("cn=cos,cn=zimbra", "one", "(objectClass=zimbraCOS)"),
    parse=parse_coses,
    directory=True,
)
DOMAINS = Source(
    name="ldap-domains",
    about="Every domain.",
    question=Search("", "sub", "(objectClass=zimbraDomain)"),
    parse=parse_domains,
    directory=True,
)
