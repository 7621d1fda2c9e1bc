"""The commands of zmprov that compute: schema, grants, keys, addresses of services."""

import hashlib
import hmac
import os
from collections.abc import Sequence

from .errors import invalid_request
from .schema import Attribute, attributes, find
from .zmprov_commands import Command, Session, UsageError, flags
from .zmprov_grants import HEADS
from .zmprov_output import print_table

_WIDTH = 18


def _described(row: Attribute) -> list[tuple[str, str]]:
    defaults = {
        "global": row.defaults.get("globalConfig", ()),
        "cos": row.defaults.get("cos", ()),
    }
    shown = "; ".join(f"{k}={','.join(v)}" for k, v in defaults.items() if v)
    return [
        ("type", row.type),
        ("value", ",".join(row.values) or row.pattern),
        ("callback", row.callback),
        ("immutable", str(row.immutable).lower()),
        ("cardinality", "multi" if row.multi else "single"),
        ("requiredIn", ""),
        ("optionalIn", ",".join(row.objects)),
        ("flags", ",".join(row.inherited)),
        ("defaults", shown),
        ("min", row.minimum),
        ("max", row.maximum),
        ("id", ""),
        ("requiresRestart", ",".join(row.restart)),
        ("since", row.since),
        ("deprecatedSince", row.deprecated_since),
    ]


def _describe(session: Session, args: Sequence[str]) -> None:
    if args[:1] == ["-a"]:
        rows = [find(args[1])] if len(args) > 1 else []
        if not rows or rows[0] is None:
            raise UsageError(f"no such attribute: {args[1] if args[1:] else ''}")
        _print_attribute(session, rows[0])
        return
    given, rest = flags(args, "v ni")
    for row in sorted(attributes().values(), key=lambda one: one.name):
        if rest and rest[0] not in row.objects:
            continue
        if "ni" in given and row.inherited:
            continue
        if "v" in given:
            _print_attribute(session, row)
        else:
            print(row.name, file=session.out)


def _print_attribute(session: Session, row: Attribute) -> None:
    print(row.name, file=session.out)
    for name, value in _described(row):
        print(f"{name:>{_WIDTH}} : {value}", file=session.out)
    print(file=session.out)


def _grants(session: Session, args: Sequence[str]) -> None:
    asked = {"-t": ["", ""], "-g": ["", ""]}
    rest = list(args)
    while rest:
        flag = rest.pop(0)
        if flag not in asked or not rest:
            raise UsageError
        asked[flag][0] = rest.pop(0)
        if rest and rest[0] not in asked:
            asked[flag][1] = rest.pop(0)
    if not args:
        raise UsageError
    target, grantee = asked["-t"], asked["-g"]
    rows = [
        grant.row()
        for grant in session.backend.grants(target, grantee)
        if target[0] in {"", grant.target_type}
        and target[1] in {"", grant.target_name, grant.target_id}
        and grantee[0] in {"", grant.grantee_type}
        and grantee[1] in {"", grant.grantee_name, grant.grantee_id}
    ]
    print_table(session.out, HEADS, rows)


def _make_key(session: Session, args: Sequence[str]) -> None:
    given, rest = flags(args, "f")
    if len(rest) != 1:
        raise UsageError
    entry = session.backend.get("domain", rest[0], own=True)
    present = entry.attrs.get("zimbraPreAuthKey", [])
    if present and "f" not in given:
        raise invalid_request(
            f"pre auth key exists for domain {entry.name}, use -f to replace it"
        )
    key = os.urandom(32).hex()
    session.backend.modify("domain", rest[0], [("zimbraPreAuthKey", key)])
    if present:
        print(f"previous preAuthKey: {present[0]}", file=session.out)
    print(f"preAuthKey: {key}", file=session.out)


def preauth_digest(key: str, values: dict[str, str]) -> str:
    """Return the digest over the values, in the order of their names."""
    text = "|".join(values[name] for name in sorted(values))
    return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()


def _preauth(session: Session, args: Sequence[str]) -> None:
    domain, name, by, timestamp, expires = args[:5]
    entry = session.backend.get("domain", domain, own=True)
    key = entry.attrs.get("zimbraPreAuthKey")
    if not key:
        raise invalid_request(f"domain not configured for preauth: {entry.name}")
    values = {"account": name, "by": by, "timestamp": timestamp, "expires": expires}
    if args[5:] == ["admin"]:
        values["admin"] = "1"
    for field in ("account", "by", "timestamp", "expires"):
        print(f"{field}: {values[field]}", file=session.out)
    print(f"preauth: {preauth_digest(key[0], values)}", file=session.out)


def _mta_auth(session: Session, args: Sequence[str]) -> None:
    _ = args
    urls = [
        f"https://{e.attrs['zimbraServiceHostname'][0]}:{e.attrs['zimbraMtaAuthPort'][0]}"
        "/service/soap/"
        for e in session.backend.all("server", own=False)
        if e.attrs.get("zimbraMtaAuthTarget") == ["TRUE"]
    ]
    print(" ".join(urls), file=session.out)


def _proxy_urls(session: Session, args: Sequence[str]) -> None:
    _ = args
    urls = [
        f"http://{e.attrs['zimbraServiceHostname'][0]}"
        f":{e.attrs['zimbraExtensionBindPort'][0]}/service/extension/nginx-lookup"
        for e in session.backend.all("server", own=False)
        if e.attrs.get("zimbraReverseProxyLookupTarget") == ["TRUE"]
    ]
    print(" ".join(urls), file=session.out)


def _proxy_backends(session: Session, args: Sequence[str]) -> None:
    _ = args
    for entry in session.backend.all("server", own=False):
        if entry.attrs.get("zimbraReverseProxyLookupTarget") == ["TRUE"]:
            host = entry.attrs["zimbraServiceHostname"][0]
            port = entry.attrs["zimbraMailPort"][0]
            print(f"    server {host}:{port};", file=session.out)


def _memcached(session: Session, args: Sequence[str]) -> None:
    _ = args
    places = [
        f"{e.attrs['zimbraServiceHostname'][0]}:{e.attrs['zimbraMemcachedBindPort'][0]}"
        for e in session.backend.all("server", own=False)
        if "memcached" in e.attrs.get("zimbraServiceEnabled", ())
    ]
    print(" ".join(places), file=session.out)


COMMANDS = (
    Command(
        "describe",
        "desc",
        "[[-v] [-ni] [{entry-type}]] | [-a {attribute-name}]",
        "misc",
        _describe,
    ),
    Command(
        "getGrants",
        "gg",
        "{[-t target-type [{target-id|target-name}]] "
        "[-g grantee-type {grantee-id|grantee-name}]}",
        "right",
        _grants,
        2,
    ),
    Command(
        "generateDomainPreAuthKey",
        "gdpak",
        "[-f] {domain|id}",
        "domain",
        _make_key,
        1,
        2,
    ),
    Command(
        "generateDomainPreAuth",
        "gdpa",
        "{domain|id} {name|id|foreignPrincipal} {by} {timestamp|0} {expires|0} [admin]",
        "domain",
        _preauth,
        5,
        6,
    ),
    Command("getAllMtaAuthURLs", "gamau", "", "server", _mta_auth, 0, 0),
    Command("getAllReverseProxyURLs", "garpu", "", "reverseproxy", _proxy_urls, 0, 0),
    Command(
        "getAllReverseProxyBackends", "garpb", "", "reverseproxy", _proxy_backends, 0, 0
    ),
    Command("getAllMemcachedServers", "gamcs", "", "reverseproxy", _memcached, 0, 0),
)
