"""Servers as the tests of the policy need them: evidence made of parsed answers."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed
from zmward.facts import Facts
from zmward.profile import Profile
from zmward.sources.directory import Entry
from zmward.sources.established import Connection
from zmward.sources.listeners import Listener
from zmward.sources.localconfig import Localconfig
from zmward.sources.rawsockets import RawSocket
from zmward.sources.sshd import Case

NODE = "mail.example.com"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
SERVICES = (
    *("amavis", "antispam", "antivirus", "dnscache", "ldap", "logger", "mailbox"),
    *("memcached", "mta", "opendkim", "proxy", "service", "snmp", "spell", "stats"),
    *("zimbra", "zimbraAdmin", "zimlet"),
)
WEB = {
    "zimbraMailMode": "https",
    "zimbraReverseProxyMailMode": "redirect",
    "zimbraMailPort": "8080",
    "zimbraMailSSLPort": "8443",
    "zimbraMailProxyPort": "80",
    "zimbraMailSSLProxyPort": "443",
}
OPEN = (25, 80, 110, 143, 443, 465, 587, 993, 995, 7025, 7071, 11211)
LISTENERS = (
    Listener("tcp", "*", 22, "sshd"),
    *(Listener("tcp", "*", port) for port in OPEN),
    Listener("tcp", "127.0.0.1", 7171),
)
# The five nodes of a cluster, their services and addresses.
CLUSTER = {
    "ldap.example.com": (("ldap", "stats"), "192.0.2.11", "2001:db8::11"),
    "store.example.com": (
        ("mailbox", "service", "spell", "stats", "zimbra", "zimbraAdmin", "zimlet"),
        "192.0.2.12",
        "2001:db8::12",
    ),
    "mta.example.com": (("mta", "amavis", "opendkim"), "192.0.2.13", "2001:db8::13"),
    "proxy.example.com": (("proxy", "memcached"), "192.0.2.14", "2001:db8::14"),
    "logger.example.com": (("logger", "stats"), "192.0.2.15", "2001:db8::15"),
}

Attributes = Mapping[str, str | Iterable[str]]


def entry(kind: str, name: str, given: Attributes) -> Entry:
    values = {
        key.lower(): (value,) if isinstance(value, str) else tuple(value)
        for key, value in given.items()
    }
    return Entry(kind, name, name, values)  # type: ignore[arg-type]  # config or server


def answers(**given: Any) -> dict[str, Answer | Missing | Parsed]:
    """Return a node's answers; a word set to None is one that was not asked."""
    usual: dict[str, Any] = {
        "listeners": LISTENERS,
        "packages": {"zimbra-core": "10.1.20"},
        "localconfig": Localconfig({}),
        "sshd": (Case("root", "198.51.100.1", {"port": ("22",)}),),
        "addresses": ("127.0.0.1", "::1", "192.0.2.10", "2001:db8::10"),
        "raw-sockets": (),
        "established": (),
    }
    usual.update({word.replace("_", "-"): value for word, value in given.items()})
    return {name: Parsed(value) for name, value in usual.items() if value is not None}


def facts(
    servers: Mapping[str, Attributes],
    nodes: Mapping[str, Mapping[str, Answer | Missing | Parsed]],
    config: Attributes,
    profile: Mapping[str, Any],
) -> Facts:
    found: dict[str, Any] = {
        **nodes,
        DIRECTORY: {
            "ldap-config": Parsed(entry("config", "global", config)),
            "ldap-servers": Parsed(
                tuple(entry("server", name, own) for name, own in servers.items())
            ),
        },
    }
    evidence = Evidence(when=NOW.isoformat(), answers=found)
    return Facts(evidence, msgspec.convert(profile, Profile), NOW)


def single(
    server: Attributes | None = None,
    config: Attributes | None = None,
    profile: Mapping[str, Any] | None = None,
    **node: Any,
) -> Facts:
    """Return one server with everything on it."""
    own = {"zimbraServiceEnabled": SERVICES, **WEB, **(server or {})}
    return facts({NODE: own}, {NODE: answers(**node)}, config or {}, profile or {})


def resolved(**changed: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return what a node of the cluster finds for every name; keys are short names."""
    usual = {name: frozenset({four, six}) for name, (_, four, six) in CLUSTER.items()}
    return usual | {f"{name}.example.com": found for name, found in changed.items()}


def cluster(
    profile: Mapping[str, Any] | None = None,
    config: Attributes | None = None,
    nodes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Facts:
    """Return five nodes; `nodes` changes answers of some, by their short name."""
    servers = {
        name: {"zimbraServiceEnabled": own, **WEB}
        for name, (own, _, _) in CLUSTER.items()
    }
    seen = {}
    for name, (_, four, six) in CLUSTER.items():
        own_answers = dict((nodes or {}).get(name.partition(".")[0], {}))
        usual = {
            "listeners": (Listener("tcp", "*", 22, "sshd"),),
            "addresses": ("127.0.0.1", four, six),
            "resolved_names": resolved(),
        }
        seen[name] = answers(**(usual | own_answers))
    logged = {"zimbraLogHostname": "logger.example.com", **(config or {})}
    return facts(servers, seen, logged, profile or {})


def connection(port: int, peer: str, program: str = "") -> Connection:
    return Connection("192.0.2.10", port, peer, 50_000, program)


def raw(number: int, program: str) -> RawSocket:
    return RawSocket(number, program)
