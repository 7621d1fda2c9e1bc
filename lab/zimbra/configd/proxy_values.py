"""The values that nginx's templates name, computed from the attributes."""

from collections.abc import Callable
from pathlib import Path

from .inputs import Attributes, Inputs, names

# What the generator falls back to when the attribute has no value (facts 7.1).
PROTOCOLS_WITHOUT_VALUE = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
CIPHERS_WITHOUT_VALUE = "HIGH:!aNULL:!MD5"
HTTP_MODES = ("http", "both", "mixed")
HTTPS_MODES = ("https", "both", "mixed", "redirect")


def values(home: Path, inputs: Inputs) -> dict[str, str]:
    """Return every value that does not depend on a domain."""
    rows = {name: _text(text, inputs) for name, text in _ROWS.items()}
    rows |= {name: _mark(on(inputs)) for name, on in _SWITCHES.items()}
    rows["core.home"] = str(home)
    rows["web.crt"] = f"{home}/conf/nginx.crt"
    rows["web.key"] = f"{home}/conf/nginx.key"
    rows["web.add_headers"] = _headers(
        inputs.config.get("zimbraReverseProxyResponseHeaders", [])
    )
    return rows


def domain_values(
    home: Path, domain: Attributes, host: str, inputs: Inputs
) -> dict[str, str]:
    """Return the values of one virtual host."""
    pair = (domain.get("zimbraSSLCertificate"), domain.get("zimbraSSLPrivateKey"))
    name = domain["zimbraDomainName"][0]
    stem = f"{home}/conf/domaincerts/{name}" if all(pair) else f"{home}/conf/nginx"
    headers = domain.get("zimbraReverseProxyResponseHeaders") or inputs.config.get(
        "zimbraReverseProxyResponseHeaders", []
    )
    return {
        "vhn": host,
        "ssl.crt": f"{stem}.crt",
        "ssl.key": f"{stem}.key",
        "web.add_headers": _headers(headers),
    }


def _text(row: str | Callable[[Inputs], str], inputs: Inputs) -> str:
    return row(inputs) if callable(row) else inputs.var(row)


def _mark(on: bool) -> str:  # noqa: FBT001 -- the template's comment sign
    return "" if on else "#"


def _headers(rows: list[str]) -> str:
    # Emitted literally, as the real generator does: a value with blanks that is
    # not quoted makes nginx -t fail (facts 7.6).
    pairs = (row.partition(":") for row in rows)
    lines = (f"add_header {name} {rest.strip()};" for name, _, rest in pairs)
    return "\n    ".join(lines)


def _web_mode(inputs: Inputs) -> str:
    return inputs.var("zimbraReverseProxyMailMode") or "both"


def _listen(variable: str, options: str = "") -> Callable[[Inputs], str]:
    def lines(inputs: Inputs) -> str:
        port, mode = inputs.var(variable) or "0", inputs.var("zimbraIPMode") or "ipv4"
        rows = []
        if mode in {"ipv4", "both"}:
            rows.append(f"listen {port}{options};")
        if mode in {"ipv6", "both"}:
            rows.append(f"listen [::]:{port}{options};")
        return "\n    ".join(rows)

    return lines


def _upstream(port: str) -> Callable[[Inputs], str]:
    def rows(inputs: Inputs) -> str:
        hosts = inputs.values("zimbraProxyLookupTargets") or [inputs.hostname]
        number = inputs.var(port)
        return "\n    ".join(f"server {host}:{number};" for host in hosts)

    return rows


def _ssl_upstream(inputs: Inputs) -> bool:
    return inputs.truth("VAR", "zimbraReverseProxySSLToUpstreamEnabled")


def _protocols(inputs: Inputs) -> str:
    found = inputs.values("zimbraReverseProxySSLProtocols")
    return " ".join(sorted(found) or PROTOCOLS_WITHOUT_VALUE)


def _server_names(inputs: Inputs) -> str:
    public = [
        name
        for domain in inputs.domains
        for name in domain.get("zimbraPublicServiceHostname", [])
    ]
    virtual = {
        name
        for domain in inputs.domains
        for name in domain.get("zimbraVirtualHostname", [])
    }
    own = names([inputs.hostname, *public])
    return " ".join(name for name in own if name not in virtual) or "localhost"


def _strict(inputs: Inputs) -> bool:
    return inputs.truth("VAR", "zimbraReverseProxyStrictServerNameEnabled")


def _https(default: str, inputs: Inputs) -> str:
    return _listen("zimbraMailSSLProxyPort", f" ssl http2{default}")(inputs)


def _suffix(inputs: Inputs) -> str:
    port = inputs.var("zimbraMailSSLProxyPort")
    return "" if port == "443" else f":{port}"


def _web(*modes: str) -> Callable[[Inputs], bool]:
    return lambda inputs: (
        inputs.truth("VAR", "zimbraReverseProxyHttpEnabled")
        and _web_mode(inputs) in modes
    )


def _mail(protocol: str) -> Callable[[Inputs], bool]:
    return lambda inputs: (
        inputs.truth("VAR", "zimbraReverseProxyMailEnabled")
        and inputs.truth("VAR", f"zimbraReverseProxyMail{protocol}Enabled")
    )


def _capability(attribute: str) -> Callable[[Inputs], str]:
    return lambda inputs: " ".join(f'"{one}"' for one in inputs.values(attribute))


def _memcached(inputs: Inputs) -> str:
    servers = inputs.values("zimbraProxyMemcachedServers")
    return "\n    ".join(f"server {one};" for one in servers or ["127.0.0.1:11211"])


def _level(inputs: Inputs) -> str:
    level = inputs.var("zimbraReverseProxyLogLevel") or "info"
    return "debug" if level.startswith("debug_") else level


_ROWS: dict[str, str | Callable[[Inputs], str]] = {
    "main.workers": "zimbraReverseProxyWorkerProcesses",
    "main.workerConnections": "zimbraReverseProxyWorkerConnections",
    "main.logLevel": _level,
    "core.hostname": lambda inputs: inputs.hostname,
    "memcache.servers": _memcached,
    "ssl.protocols": _protocols,
    "ssl.ciphers": lambda i: (
        i.var("zimbraReverseProxySSLCiphers") or CIPHERS_WITHOUT_VALUE
    ),
    "ssl.ecdh.curve": lambda i: i.var("zimbraReverseProxySSLECDHCurve") or "auto",
    "ssl.session.timeout": "zimbraReverseProxySSLSessionTimeout",
    "ssl.session.cachesize": "zimbraReverseProxySSLSessionCacheSize",
    "web.uploadmax": "zimbraFileUploadMaxSize",
    "web.server_names": _server_names,
    "web.upstream.scheme": lambda i: "https" if _ssl_upstream(i) else "http",
    "web.upstream.name": lambda i: "zimbra_ssl" if _ssl_upstream(i) else "zimbra",
    "web.upstream.http": _upstream("zimbraMailPort"),
    "web.upstream.https": _upstream("zimbraMailSSLPort"),
    "web.upstream.admin": _upstream("zimbraAdminPort"),
    "web.admin.upstream.port": "zimbraAdminPort",
    "web.http.port": "zimbraMailProxyPort",
    "web.https.suffix": _suffix,
    "web.http.listen": _listen("zimbraMailProxyPort", " default_server"),
    "web.https.listen": lambda i: _https("" if _strict(i) else " default_server", i),
    "web.https.strict.listen": lambda i: _https(" default_server", i),
    "web.https.vhost.listen": lambda i: _https("", i),
    "web.http.vhost.listen": _listen("zimbraMailProxyPort"),
    "web.admin.listen": _listen("zimbraAdminProxyPort", " ssl default_server"),
    "mail.imap.listen": _listen("zimbraImapProxyBindPort"),
    "mail.imaps.listen": _listen("zimbraImapSSLProxyBindPort", " ssl"),
    "mail.pop3.listen": _listen("zimbraPop3ProxyBindPort"),
    "mail.pop3s.listen": _listen("zimbraPop3SSLProxyBindPort", " ssl"),
    "mail.imap.tls": "zimbraReverseProxyImapStartTlsMode",
    "mail.pop3.tls": "zimbraReverseProxyPop3StartTlsMode",
    "mail.imap.capability": _capability("zimbraReverseProxyImapEnabledCapability"),
    "mail.pop3.capability": _capability("zimbraReverseProxyPop3EnabledCapability"),
}
_SWITCHES: dict[str, Callable[[Inputs], bool]] = {
    "mail.enabled": lambda i: i.truth("VAR", "zimbraReverseProxyMailEnabled"),
    "mail.imap.enabled": _mail("Imap"),
    "mail.imaps.enabled": _mail("Imaps"),
    "mail.pop3.enabled": _mail("Pop3"),
    "mail.pop3s.enabled": _mail("Pop3s"),
    "web.enabled": lambda i: i.truth("VAR", "zimbraReverseProxyHttpEnabled"),
    "web.http.enabled": _web(*HTTP_MODES),
    "web.redirect.enabled": _web("redirect"),
    "web.https.enabled": _web(*HTTPS_MODES),
    "web.strict.enabled": lambda i: _web(*HTTPS_MODES)(i) and _strict(i),
    "web.admin.enabled": lambda i: i.truth("VAR", "zimbraReverseProxyAdminEnabled"),
}
