"""The web client is served over TLS only."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.outside_http_looks import tls_only
from zmward.controls.shapes.served import Pages, on_pages
from zmward.controls.shapes.wanted import one_of
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts

_MODE = "zimbraReverseProxyMailMode"


def _look(_: Facts, host: str, pages: Pages) -> Iterator[Judgement]:
    page = pages.get("plain")
    if page is None:
        yield unknown(Layer.RUNNING, host, "plain HTTP was not asked for")
        return
    target = page.header("Location")
    text = f"http:// is answered with {page.status or 'nothing'} {target}".strip()
    refused = page.status == 0 or page.status >= 400  # noqa: PLR2004  # HTTP's errors
    if refused or target.startswith("https://"):
        yield sound(Layer.RUNNING, host, source="served", seen=text)
        return
    yield deviates(
        Layer.RUNNING,
        host,
        text,
        "nothing, or a redirect to https://",
        no_cure=f"It follows from {_MODE}: the proxy needs a restart.",
        source="served",
    )


def _page(status: int, target: str = "") -> str:
    location = f"< Location: {target}\n" if target else ""
    return f"> login\n? 200\n> plain\n{location}? {status}\n"


CONTROL = Control(
    id="web-client-over-tls-only",
    title="The web client is served over TLS only",
    why="Over plain HTTP a password is read by everybody on the way.",
    impact="Addresses with http:// are sent on to https://, or refused.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("proxy",),
    locks_out=(
        "everybody, where the mail mode of the mailboxes does not fit: zmtlsctl "
        "checks it"
    ),
    check=layers(
        server_attr(
            "zimbraReverseProxyMailMode",
            one_of("https", "redirect", cure="redirect"),
            role="proxy",
        ),
        on_pages(_look),
    ),
    refs=(),
    examples=(
        passes(config={_MODE: "https"}, raw={"served": _page(0)}),
        passes(
            config={_MODE: "redirect"},
            raw={"served": _page(302, "https://mail.example.com/")},
        ),
        fails(
            config={_MODE: "both"},
            raw={"served": _page(302, "https://mail.example.com/")},
        ),
        fails(config={_MODE: "https"}, raw={"served": _page(200)}),
        fails(
            config={_MODE: "redirect"},
            raw={"served": _page(302, "http://mail.example.com/")},
        ),
        unsure(config={_MODE: "https"}, missing=("served",)),
        unsure(config={}, raw={"served": _page(0)}),
        unconcerned(services=("mta",), config={}),
    ),
    outside=tls_only(),
)
