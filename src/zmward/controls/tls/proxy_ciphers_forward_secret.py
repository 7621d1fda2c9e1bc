"""nginx takes ciphers with forward secrecy and authenticated encryption only."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_tls import PROXY_PORTS, mozilla_ciphers, on
from zmward.controls.shapes.wanted import Values, Wanted
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.nginx import NGINX, Directive, Nginx

_ATTR = "zimbraReverseProxySSLCiphers"
_GOOD = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384"
)
_SUITE = re.compile(
    r"(TLS_[A-Z0-9_]+|(ECDHE|DHE)-(ECDSA|RSA)-(AES(128|256)-(GCM-SHA(256|384)|CCM8?)|CHACHA20-POLY1305))"
)


def _weak(text: str) -> list[str]:
    """Return the words that let anything in but ephemeral keys with AEAD."""
    words = re.split(r"[:, ]+", text.strip())
    return [
        word
        for word in words
        if word and word[0] not in "!-@" and not _SUITE.fullmatch(word)
    ]


def _holds(found: Values) -> bool:
    return bool(found) and bool(found[0].strip()) and not _weak(found[0])


_WANTED = Wanted(
    "ECDHE or DHE with GCM, CCM or ChaCha20 only", _holds, lambda _: (_GOOD,)
)


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    found = {" ".join(d.arguments) for d in facts.read(NGINX, host).all("ssl_ciphers")}
    if not found:
        yield unknown(Layer.RENDERED, host, "nginx's configuration sets no ssl_ciphers")
    for text in sorted(found):
        if _holds((text,)):
            yield sound(
                Layer.RENDERED, host, source="nginx", seen=f"ssl_ciphers {text}"
            )
        else:
            bad = f"ssl_ciphers lets in {', '.join(_weak(text)) or 'the compiled list'}"
            yield deviates(
                Layer.RENDERED,
                host,
                bad,
                _WANTED.text,
                no_cure=f"It follows from {_ATTR}.",
            )


def _nginx(ciphers: str) -> Nginx:
    return Nginx((Directive("ssl_ciphers", (ciphers,), ("http",), "/nginx.conf.web"),))


CONTROL = Control(
    id="proxy-ciphers-forward-secret",
    title="nginx takes ciphers with forward secrecy and authenticated encryption only",
    why=(
        "With static RSA whoever steals the key once reads all recorded traffic; CBC "
        "suites have been broken again and again."
    ),
    impact="Clients from before about 2014 can no longer connect.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=("proxy",),
    locks_out="users of very old clients",
    check=layers(
        server_attr(_ATTR, _WANTED, role="proxy"),
        on_hosts(Layer.RENDERED, (NGINX,), _rendered, role="proxy"),
    ),
    refs=(
        "https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_ciphers",
        "https://wiki.mozilla.org/Security/Server_Side_TLS",
    ),
    note=(
        "Zimbra's shipped list ends in AES128:AES256:HIGH, which lets static RSA and "
        "CBC suites in. The list governs TLS 1.2 only; TLS 1.3 has none but good "
        "suites. An empty attribute means a list compiled into ProxyConfGen, which "
        "only a handshake shows."
    ),
    outside=mozilla_ciphers(
        on(*PROXY_PORTS), f"On the host this control sets {_ATTR}."
    ),
    examples=(
        passes(config={_ATTR: _GOOD}, nginx=_nginx(_GOOD)),
        fails(config={_ATTR: "HIGH:!aNULL"}, nginx=_nginx("HIGH:!aNULL")),
        fails(
            config={_ATTR: "ECDHE-RSA-AES128-SHA"}, nginx=_nginx("ECDHE-RSA-AES128-SHA")
        ),
        fails(config={_ATTR: _GOOD}, nginx=_nginx("AES128:AES256")),
        unsure(config={}, nginx=_nginx(_GOOD)),
        unsure(config={_ATTR: _GOOD}),
    ),
)
