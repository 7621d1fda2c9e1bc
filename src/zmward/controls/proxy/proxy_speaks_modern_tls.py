"""nginx speaks TLS 1.2 and newer only."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_tls import PROXY_PORTS, modern_protocols, on
from zmward.controls.shapes.wanted import Values, Wanted
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.nginx import NGINX, Directive, Nginx

_ATTR = "zimbraReverseProxySSLProtocols"
_MODERN = ("TLSv1.2", "TLSv1.3")


def _holds(found: Values) -> bool:
    return bool(found) and set(found) <= set(_MODERN)


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(NGINX, host).all("ssl_protocols")
    if not found:
        yield unknown(
            Layer.RENDERED, host, "nginx's configuration sets no ssl_protocols"
        )
    for text, files in _by_text(found).items():
        seen = f"ssl_protocols {text} ({', '.join(files)})"
        if _holds(tuple(text.split())):
            yield sound(Layer.RENDERED, host, source="nginx", seen=seen)
        else:
            yield deviates(
                Layer.RENDERED,
                host,
                seen,
                "TLSv1.2 and TLSv1.3 only",
                no_cure=f"It follows from {_ATTR}: zmproxyctl restart.",
            )


def _by_text(found: tuple[Directive, ...]) -> dict[str, list[str]]:
    """Return the files that say the same, by what they say."""
    said: dict[str, list[str]] = {}
    for directive in found:
        files = said.setdefault(" ".join(directive.arguments), [])
        name = directive.file.rpartition("/")[2]
        if name not in files:
            files.append(name)
    return said


def _nginx(*protocols: str) -> Nginx:
    return Nginx((Directive("ssl_protocols", protocols, ("http",), "/nginx.conf.web"),))


CONTROL = Control(
    id="proxy-speaks-modern-tls",
    title="nginx speaks TLS 1.2 and newer only",
    why="TLS 1.0 and 1.1 are broken and forbidden by RFC 8996.",
    impact="Clients from before about 2014 can no longer connect.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("proxy",),
    locks_out="users of very old clients",
    check=layers(
        server_attr(
            "zimbraReverseProxySSLProtocols",
            Wanted("TLSv1.2 and TLSv1.3 only", _holds, lambda _: _MODERN),
            role="proxy",
            unset=("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
        ),
        on_hosts(Layer.RENDERED, (NGINX,), _rendered, role="proxy"),
    ),
    refs=(
        "https://www.rfc-editor.org/rfc/rfc8996",
        "https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols",
    ),
    note=(
        "An upgrade keeps the old values, and an empty attribute means TLSv1 to "
        "TLSv1.3. What the ports really speak is judged by "
        "tls-ports-refuse-old-protocols."
    ),
    outside=modern_protocols(
        on(*PROXY_PORTS), f"On the host this control sets {_ATTR}."
    ),
    examples=(
        passes(
            config={_ATTR: ("TLSv1.2", "TLSv1.3")}, nginx=_nginx("TLSv1.2", "TLSv1.3")
        ),
        fails(config={_ATTR: ("TLSv1", "TLSv1.2")}, nginx=_nginx("TLSv1", "TLSv1.2")),
        fails(config={}, nginx=_nginx("TLSv1.2")),
        fails(config={_ATTR: ("TLSv1.2",)}, nginx=_nginx("TLSv1.1", "TLSv1.2")),
        unsure(config={_ATTR: ("TLSv1.2",)}, nginx=Nginx(())),
        unsure(missing=("ldap-config",)),
    ),
)
