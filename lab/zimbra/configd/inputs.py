"""What zmconfigd reads in one round: localconfig, the server and its neighbours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..entry import Entry  # noqa: TID252 -- the package has another name in a node

Attributes = Mapping[str, list[str]]


class Directory(Protocol):
    """The part of the provisioning interface that is needed here."""

    def config(self) -> Entry:
        """Return the global configuration."""

    def get(self, kind: str, by: str, key: str) -> Entry:
        """Return one object."""

    def all(self, kind: str) -> list[Entry]:
        """Return all objects of a kind."""

    def effective(self, entry: Entry) -> dict[str, list[str]]:
        """Return own and inherited values of an object."""


@dataclass(frozen=True)
class Inputs:
    """One reading of everything that the generated files depend on."""

    local: Mapping[str, str]
    server: Attributes
    config: Attributes = field(default_factory=dict)
    servers: tuple[Attributes, ...] = ()
    domains: tuple[Attributes, ...] = ()

    def values(self, name: str) -> list[str]:
        """Return all values of an attribute, the server's before the global ones."""
        computed = _COMPUTED.get(name)
        if computed is not None:
            return computed(self)
        return list(self.server.get(name) or self.config.get(name) or [])

    def var(self, name: str) -> str:
        """Return an attribute as one text, several values joined with blanks."""
        return " ".join(self.values(name))

    def key(self, name: str) -> str:
        """Return a localconfig value."""
        return self.local.get(name, "")

    def enabled(self, service: str) -> bool:
        """Say whether a service is enabled on this server."""
        return service in self.values("zimbraServiceEnabled")

    def truth(self, kind: str, name: str) -> bool:
        """Say whether a condition operand of the given kind holds."""
        if kind == "SERVICE":
            return self.enabled(name)
        text = self.key(name) if kind == "LOCAL" else self.var(name)
        return text.lower() not in {"", "false", "no", "0", "off"}

    @property
    def hostname(self) -> str:
        """Return the name of this server's entry."""
        return self.key("zimbra_server_hostname")


def read(directory: Directory, local: Mapping[str, str]) -> Inputs:
    """Read the directory once and return what it says together with localconfig."""
    servers = directory.all("server")
    here = local["zimbra_server_hostname"]
    own = next((one for one in servers if one.name == here), None)
    if own is None:
        own = directory.get("server", "name", here)
    return Inputs(
        local=dict(local),
        server=directory.effective(own),
        config=dict(directory.config().attrs),
        servers=tuple(directory.effective(one) for one in servers),
        domains=tuple(dict(one.attrs) for one in directory.all("domain")),
    )


def _ip_mode(inputs: Inputs) -> str:
    return inputs.var("zimbraIPMode") or "ipv4"


def _protocol(inputs: Inputs) -> list[str]:
    return [{"both": "all"}.get(_ip_mode(inputs), _ip_mode(inputs))]


def _local_bind(inputs: Inputs) -> list[str]:
    return ["127.0.0.1" if _ip_mode(inputs) == "ipv4" else "::1"]


def _restrictions(prefix: str, inputs: Inputs) -> list[str]:
    return [
        value.removeprefix(prefix).strip()
        for value in inputs.values("zimbraMtaRestriction")
        if value.startswith(prefix + " ")
    ]


def _auth_urls(inputs: Inputs) -> list[str]:
    port = inputs.var("zimbraMtaAuthPort") or "7073"
    return [
        f"https://{name}:{port}/service/admin/soap/"
        for name in _hosts(inputs, "zimbraMtaAuthTarget")
    ]


def _hosts(inputs: Inputs, flag: str) -> list[str]:
    return [
        server["zimbraServiceHostname"][0]
        for server in inputs.servers
        if server.get(flag) == ["TRUE"] and server.get("zimbraServiceHostname")
    ]


def _memcached(inputs: Inputs) -> list[str]:
    return [
        f"{server['zimbraServiceHostname'][0]}:{_first(server, 'Port', '11211')}"
        for server in inputs.servers
        if "memcached" in server.get("zimbraServiceEnabled", [])
    ]


def _first(server: Attributes, what: str, fallback: str) -> str:
    return (server.get(f"zimbraMemcachedBind{what}") or [fallback])[0]


def _level(attribute: str, inputs: Inputs) -> list[str]:
    # A percentage of the twenty points that SpamAssassin counts to (facts 8.4).
    return [f"{int(inputs.var(attribute) or '0') / 5:g}"]


_COMPUTED: dict[str, Callable[[Inputs], list[str]]] = {
    "zimbraPostconfProtocol": _protocol,
    "zimbraLocalBindAddress": _local_bind,
    "zimbraMtaRestrictionRBLs": lambda i: _restrictions("reject_rbl_client", i),
    "zimbraMtaRestrictionRHSBLCs": lambda i: _restrictions("reject_rhsbl_client", i),
    "zimbraMtaRestrictionRHSBLRCs": lambda i: _restrictions(
        "reject_rhsbl_reverse_client", i
    ),
    "zimbraMtaRestrictionRHSBLSs": lambda i: _restrictions("reject_rhsbl_sender", i),
    "zimbraMtaAuthURLs": _auth_urls,
    "zimbraProxyLookupTargets": lambda i: _hosts(i, "zimbraReverseProxyLookupTarget"),
    "zimbraProxyMemcachedServers": _memcached,
    "zimbraSpamKillLevel": lambda i: _level("zimbraSpamKillPercent", i),
    "zimbraSpamTagLevel": lambda i: _level("zimbraSpamTagPercent", i),
}


def names(values: Iterable[str]) -> list[str]:
    """Return the values once each, in their first order."""
    return list(dict.fromkeys(values))
