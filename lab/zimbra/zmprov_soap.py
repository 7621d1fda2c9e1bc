"""zmprov without -l: the admin SOAP API of a mailbox server."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from .errors import invalid_request
from .localconfig import LocalConfig
from .soap_client import ADMIN, SoapClient, attributes_of, element, pairs
from .zmprov_backend import Changes, Shown
from .zmprov_grants import Grant
from .zmprov_options import Options

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-gA-G]{4}){3}-[0-9a-gA-G]{12}")
_REQUEST = {
    "account": "Account",
    "cos": "Cos",
    "domain": "Domain",
    "group": "DistributionList",
    "server": "Server",
}
_PLURAL = {
    "cos": "Cos",
    "domain": "Domains",
    "group": "DistributionLists",
    "server": "Servers",
}


def connect(
    local: LocalConfig, options: Options, echo: Callable[[str], None] | None
) -> "SoapBackend":
    """Return a backend that is logged in."""
    scheme = local.get("zimbra_admin_service_scheme") or "https://"
    port = local.get("zimbra_admin_service_port") or "7071"
    host = options.server or local.get("zimbra_zmprov_default_soap_server") or ""
    where = host if ":" in host else f"{host}:{port}"
    client = SoapClient(f"{scheme}{where}/service/admin/soap/", echo)
    if options.token or options.token_file:
        client.token = options.token or _line(options.token_file)
    else:
        name = options.account or local.get("zimbra_ldap_user") or ""
        client.log_in(name, _password(local, options))
    return SoapBackend(client)


def _line(path: str) -> str:
    return Path(path).read_text(encoding="utf-8").splitlines()[0]


def _password(local: LocalConfig, options: Options) -> str:
    if options.password_file:
        return _line(options.password_file)
    return options.password or local.get("zimbra_ldap_password") or ""


class SoapBackend:
    """The admin service in the shape that the commands ask for."""

    over_ldap = False

    def __init__(self, client: SoapClient) -> None:
        self.client = client

    def config(self) -> Shown:
        """Return the global configuration."""
        response = self.client.call(element("GetAllConfigRequest"))
        return Shown("config", "", attributes_of(response))

    def config_values(self, name: str) -> Mapping[str, Sequence[str]]:
        """Return one attribute of it."""
        request = element("GetConfigRequest")
        request.append(element("a", n=name))
        return attributes_of(self.client.call(request))

    def get(self, kind: str, key: str, *, own: bool) -> Shown:
        """Return one entry by name or id, with or without inherited values."""
        request = element(f"Get{_REQUEST[kind]}Request", **_merging(kind, own=own))
        by = "id" if _ID.fullmatch(key) else "name"
        request.append(element(kind, key, by=by))
        return self._entries(self.client.call(request), kind)[0]

    def all(self, kind: str, *, own: bool) -> list[Shown]:
        """Return all entries of a kind."""
        name = f"GetAll{_PLURAL[kind]}Request"
        request = element(name, **_merging(kind, own=own))
        return self._entries(self.client.call(request), kind)

    def admins(self, *, own: bool) -> list[Shown]:
        """Return the administrators."""
        request = element("GetAllAdminAccountsRequest", **_merging("account", own=own))
        return self._entries(self.client.call(request), "account")

    def _entries(self, response: ET.Element, kind: str) -> list[Shown]:
        found = [
            Shown(one.get("name", ""), one.get("id", ""), attributes_of(one))
            for one in response.iter(f"{{{ADMIN}}}{kind}")
        ]
        return sorted(found, key=lambda shown: shown.name)

    def modify(self, kind: str, key: str, changes: Changes) -> None:
        """Change an entry."""
        name = "Config" if kind == "config" else _REQUEST[kind]
        request = element(f"Modify{name}Request")
        if kind != "config":
            number = self.get(kind, key, own=True).id
            if kind == "cos":
                request.append(element("id", number))
            else:
                request.set("id", number)
        request.extend(pairs(changes))
        self.client.call(request)

    def create(self, kind: str, name: str, password: str, changes: Changes) -> str:
        """Create an entry and return its id."""
        request = element(f"Create{_REQUEST[kind]}Request")
        if kind == "cos":
            request.append(element("name", name))
        else:
            request.set("name", name)
        if kind == "account" and password:
            request.set("password", password)
        request.extend(pairs(changes))
        return self._entries(self.client.call(request), kind)[0].id

    def delete(self, kind: str, key: str) -> None:
        """Remove an entry."""
        request = element(f"Delete{_REQUEST[kind]}Request")
        number = self.get(kind, key, own=True).id
        if kind == "cos":
            request.append(element("id", number))
        else:
            request.set("id", number)
        self.client.call(request)

    def set_password(self, key: str, password: str) -> None:
        """Store an account's new password."""
        number = self.get("account", key, own=True).id
        self.client.call(element("SetPasswordRequest", id=number, newPassword=password))

    def alias(self, key: str, alias: str, *, add: bool) -> None:
        """Give an account an alias or take it away."""
        name = "AddAccountAliasRequest" if add else "RemoveAccountAliasRequest"
        number = self.get("account", key, own=True).id
        self.client.call(element(name, id=number, alias=alias))

    def flush(self, types: str, names: Sequence[str], *, everywhere: bool) -> None:
        """Make the mailbox servers forget what they cached."""
        request = element("FlushCacheRequest")
        cache = element("cache", type=types, allServers="1" if everywhere else "0")
        for name in names:
            by = "id" if _ID.fullmatch(name) else "name"
            cache.append(element("entry", name, by=by))
        request.append(cache)
        self.client.call(request)

    def below(self, account: str, kind: str) -> list[Shown]:
        """Return an account's data sources; identities are the user's own."""
        if kind != "dataSource":
            raise invalid_request("not over admin SOAP in the lab")
        number = self.get("account", account, own=True).id
        response = self.client.call(element("GetDataSourcesRequest", id=number))
        return self._entries(response, kind)

    def search(self, query: str, domain: str, *, own: bool) -> list[Shown]:
        """Refuse: zmprov searches over LDAP only."""
        _ = query, domain, own
        raise invalid_request('can only be used with  "zmprov -l/--ldap"')

    def grants(self, target: Sequence[str], grantee: Sequence[str]) -> list[Grant]:
        """Return the grants that the server finds."""
        request = element("GetGrantsRequest")
        for name, (kind, key) in (("target", target), ("grantee", grantee)):
            if kind:
                by = {"by": "id" if _ID.fullmatch(key) else "name"} if key else {}
                request.append(element(name, key or None, type=kind, **by))
        response = self.client.call(request)
        return [_grant(one) for one in response.iter(f"{{{ADMIN}}}grant")]


def _grant(found: ET.Element) -> Grant:
    cells = {}
    for name in ("target", "grantee"):
        one = found.find(f"{{{ADMIN}}}{name}")
        given = {} if one is None else one.attrib
        for key in ("type", "id", "name"):
            cells[f"{name}_{key}"] = given.get(key, "")
    right = found.find(f"{{{ADMIN}}}right")
    signs = {"canDelegate": "+", "deny": "-"}
    shown = "" if right is None else right.text or ""
    for flag, sign in signs.items():
        if right is not None and right.get(flag) == "1":
            shown = sign + shown
    return Grant(**cells, right=shown)


def _merging(kind: str, *, own: bool) -> dict[str, str]:
    flag = "0" if own else "1"
    if kind == "account":
        return {"applyCos": flag}
    return {} if kind in {"cos", "group"} else {"applyConfig": flag}
