"""The proxy talks to the mailboxes over TLS."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.wanted import exactly
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.nginx import NGINX

_SWITCH = "zimbraReverseProxySSLToUpstreamEnabled"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    passes = facts.read(NGINX, host).all("proxy_pass")
    targets = {one.arguments[0] for one in passes if one.arguments}
    if not targets:
        yield unknown(Layer.RENDERED, host, "nginx passes no web requests on")
        return
    clear = sorted(target for target in targets if target.startswith("http://"))
    if not clear:
        seen = f"proxy_pass {', '.join(sorted(targets))}"
        yield sound(Layer.RENDERED, host, source="nginx", seen=seen)
        return
    yield deviates(
        Layer.RENDERED,
        host,
        f"proxy_pass {', '.join(clear)}",
        "https",
        no_cure=f"It follows from {_SWITCH} and the mail modes.",
        source="nginx",
    )


def _rendered(scheme: str) -> str:
    return (
        "> /opt/zimbra/conf/nginx.conf\n http {\n server {\n location / {\n"
        f" proxy_pass {scheme}://zimbra;\n }}\n }}\n }}\n"
    )


CONTROL = Control(
    id="proxy-speaks-tls-to-mailboxes",
    title="The proxy talks to the mailboxes over TLS",
    why=(
        "Between hosts passwords and mail otherwise travel in clear text, and on one "
        "host the mailboxes cannot tell that the browser came over TLS."
    ),
    impact=(
        "The mailboxes need their TLS ports; a mode of the proxy or of a mailbox "
        "that does not fit stops the web client."
    ),
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=("proxy",),
    locks_out=(
        "everybody, where the mail modes of proxy and mailboxes do not fit: set "
        "them with zmtlsctl"
    ),
    check=layers(
        server_attr(_SWITCH, exactly("TRUE"), role="proxy"),
        on_hosts(Layer.RENDERED, (NGINX,), _look, role="proxy"),
    ),
    refs=(),
    note=(
        "New installations have it on, upgraded ones off. With it the proxy needs"
        " the mode https, redirect, both or mixed, and the mailboxes https or "
        "both. nginx does not check the certificate of the mailboxes."
    ),
    examples=(
        passes(config={_SWITCH: "TRUE"}, raw={"nginx": _rendered("https")}),
        fails(config={_SWITCH: "FALSE"}, raw={"nginx": _rendered("https")}),
        fails(config={_SWITCH: "TRUE"}, raw={"nginx": _rendered("http")}),
        unsure(config={_SWITCH: "TRUE"}, missing=("nginx",)),
        unsure(
            config={_SWITCH: "TRUE"},
            raw={"nginx": "> /opt/zimbra/conf/nginx.conf\n user zimbra;\n"},
        ),
        unconcerned(services=("mta",), config={_SWITCH: "TRUE"}),
    ),
)
