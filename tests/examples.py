"""Makes evidence out of a control's examples, and applies cures to it.

Words of an example: config, server, servers, services, cos, domains, accounts,
admins, groups, localconfig, postconf, sshd, raw, missing, absent, profile, now, and
the name of any source (with `_` for `-`) with its parsed value.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from zmward.catalog.attributes import attributes, exact_names
from zmward.control import Control, Example
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.facts import Facts
from zmward.finding import Finding, judge, moment
from zmward.profile import Profile
from zmward.sources.accounts import Accounts, Group
from zmward.sources.directory import Entry, Kind
from zmward.sources.localconfig import Localconfig
from zmward.sources.registry import sources
from zmward.sources.sshd import Case

NODE = "mail.example.com"
WHEN = "2026-11-21T12:00:00+00:00"
SERVICES = (
    *("amavis", "antispam", "antivirus", "dnscache", "ldap", "logger", "mailbox"),
    *("memcached", "mta", "opendkim", "proxy", "service", "snmp", "spell", "stats"),
    *("zimbra", "zimbraAdmin", "zimlet"),
)
CASES = (("root", "198.51.100.1"), ("root", "127.0.0.1"), ("zimbra", "198.51.100.1"))

Given = Mapping[str, Any]


def _values(attributes: Given) -> dict[str, tuple[str, ...]]:
    return {
        name.lower(): (value,) if isinstance(value, str) else tuple(value)
        for name, value in attributes.items()
    }


def _entry(kind: Kind, name: str, attributes: Given) -> Entry:
    values = _values(attributes)
    return Entry(kind, name, values.get("zimbraid", (name,))[0], values)


def _servers(given: Given) -> tuple[Entry, ...]:
    services = {"zimbraServiceEnabled": given.get("services", SERVICES)}
    named = {NODE: given.get("server", {}), **given.get("servers", {})}
    return tuple(
        _entry("server", name, {**services, **own}) for name, own in named.items()
    )


def _accounts(given: Given) -> Accounts:
    overrides = {
        attribute: {
            value: Group(len(names), tuple(names)) for value, names in found.items()
        }
        for attribute, found in given.get("accounts", {}).items()
    }
    groups = {n: Group(len(v), tuple(v)) for n, v in given.get("groups", {}).items()}
    return Accounts(0, tuple(given.get("admins", ())), groups, overrides)


def _sshd(given: Given) -> tuple[Case, ...]:
    settings = given["sshd"]
    if not isinstance(settings, Mapping):
        return tuple(settings)
    values = {"port": ("22",), **_values(settings)}
    return tuple(Case(user, address, values) for user, address in CASES)


def _schema(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return a schema of these attributes alone, where the catalog lets them be."""
    exact = exact_names()
    rows = attributes()
    return {
        name.lower(): frozenset(rows[exact[name.lower()]].objects) for name in names
    }


def _special(given: Given) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ldap-config": _entry("config", "global", given.get("config", {})),
        "ldap-servers": _servers(given),
        "packages": {f"zimbra-{role}": "10.1.20" for role in ("core", "store", "mta")},
    }
    for word, source, kind in (
        ("cos", "ldap-cos", "cos"),
        ("domains", "ldap-domains", "domain"),
    ):
        if word in given:
            entries = given[word].items()
            found[source] = tuple(_entry(kind, n, own) for n, own in entries)  # type: ignore[arg-type]  # a literal above
    if "postconf" in given:  # no service sets anything for itself
        found["postconf-services"] = {}
    if {"accounts", "admins", "groups"} & set(given):
        found["ldap-accounts"] = _accounts(given)
    if "schema" in given:
        found["schema"] = _schema(given["schema"])
    if "localconfig" in given:
        found["localconfig"] = Localconfig(dict(given["localconfig"]))
    if "sshd" in given:
        found["sshd"] = _sshd(given)
    return found


_WORDS = {
    *("config", "server", "servers", "services", "cos", "domains", "accounts"),
    *("admins", "groups", "localconfig", "schema", "sshd", "raw", "missing", "absent"),
    *("profile", "now"),
}


def evidence_of(example: Example) -> Evidence:
    """Return the evidence that an example describes."""
    given = example.given
    found: dict[str, Answer | Missing | Parsed] = {
        name: Parsed(value) for name, value in _special(given).items()
    }
    for word, value in given.items():
        if word not in _WORDS:
            name = word.replace("_", "-")
            sources()[name]  # an unknown word is a mistake in the example
            found[name] = Parsed(value)
    for name, text in given.get("raw", {}).items():
        sources()[name]
        found[name] = Answer(text)
    for name in given.get("missing", ()):
        found[name] = Missing(f"{name}: no answer")
    for name in given.get("absent", ()):
        found[name] = Missing(f"{name}: No such file or directory", "absent")
    shared = {name for name in found if sources()[name].directory}
    return Evidence(
        when=WHEN,
        answers={
            NODE: {name: found[name] for name in found.keys() - shared},
            DIRECTORY: {name: found[name] for name in shared},
        },
    )


def profile_of(example: Example) -> Profile:
    """Return the example's profile, or an empty one."""
    return msgspec.convert(example.given.get("profile", {}), Profile)


def facts_of(example: Example) -> Facts:
    """Return the facts that an example describes."""
    now: datetime = moment(example.given.get("now", WHEN))
    return Facts(evidence_of(example), profile_of(example), now)


def judged(control: Control, example: Example, evidence: Evidence) -> Finding:
    """Judge other evidence under the example's profile and time."""
    now = moment(example.given.get("now", WHEN))
    return judge(control, Facts(evidence, profile_of(example), now))
