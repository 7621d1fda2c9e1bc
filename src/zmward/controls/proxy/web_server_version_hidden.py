"""The web server does not tell its version."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.outside_http_looks import version_hidden
from zmward.controls.shapes.served import Pages, on_pages, page
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts

_VERSION = re.compile(r"\d+\.\d+")
_HEADERS = ("Server", "X-Powered-By")


def _look(_: Facts, host: str, pages: Pages) -> Iterator[Judgement]:
    sent = {name: page(pages, "login").header(name) for name in _HEADERS}
    telling = [f"{n}: {value}" for n, value in sent.items() if _VERSION.search(value)]
    if not telling:
        seen = f"Server: {sent['Server'] or '(not sent)'}"
        yield sound(Layer.RUNNING, host, source="served", seen=seen)
        return
    yield deviates(
        Layer.RUNNING,
        host,
        "; ".join(telling),
        "no version",
        no_cure="Zimbra's template sets server_tokens off: restore the template.",
        source="served",
    )


CONTROL = Control(
    id="web-server-version-hidden",
    title="The web server does not tell its version",
    why=(
        "Scanners collect versions, so that they know whom to attack on the day "
        "that a hole is found."
    ),
    impact="None.",
    severity=Severity.LOW,
    tips=("T01",),
    roles=("proxy",),
    check=on_pages(_look),
    refs=(),
    examples=(
        passes(raw={"served": "> login\n< HTTP/2 200\n< server: nginx\n? 200\n"}),
        fails(
            raw={
                "served": "> login\n< HTTP/1.1 200 OK\n< Server: nginx/1.24.0\n? 200\n"
            }
        ),
        unsure(missing=("served",)),
        unconcerned(services=("mta",)),
    ),
    outside=version_hidden(),
)
