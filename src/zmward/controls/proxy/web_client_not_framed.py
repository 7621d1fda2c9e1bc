"""Other sites cannot show the web client inside their pages."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.outside_http_looks import not_framed
from zmward.controls.shapes.served import Pages, on_pages, page
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts

# Where it is sent, browsers follow it and ignore X-Frame-Options.
_ANCESTORS = re.compile(r"(?i)\bframe-ancestors\b([^;,]*)")
_ANYBODY = frozenset(("*", "http:", "https:", "http://*", "https://*"))


def _kept(frame: str, policy: str) -> bool:
    ancestors = _ANCESTORS.search(policy)
    if ancestors is not None:
        return not _ANYBODY & set(ancestors[1].lower().split())
    return frame.split(",", maxsplit=1)[0].strip().upper() in ("SAMEORIGIN", "DENY")


def _look(_: Facts, host: str, pages: Pages) -> Iterator[Judgement]:
    frame = page(pages, "login").header("X-Frame-Options")
    policy = page(pages, "login").header("Content-Security-Policy")
    text = f"X-Frame-Options: {frame or '(not sent)'}"
    if policy:
        text += f", Content-Security-Policy: {policy}"
    if _kept(frame, policy):
        yield sound(Layer.RUNNING, host, source="served", seen=text)
        return
    yield deviates(
        Layer.RUNNING,
        host,
        text,
        "X-Frame-Options: SAMEORIGIN",
        no_cure="The web client sends it by itself: find out who takes it away.",
        source="served",
    )


def _page(header: str) -> str:
    return f"> login\n< HTTP/2 200\n< {header}\n? 200\n"


CONTROL = Control(
    id="web-client-not-framed",
    title="Other sites cannot show the web client inside their pages",
    why=(
        "A page that frames the web client can make its users click what they do "
        "not see."
    ),
    impact="Portals that embed the web client no longer can.",
    severity=Severity.MEDIUM,
    tips=("T34",),
    roles=("proxy",),
    check=on_pages(_look),
    refs=(),
    examples=(
        passes(raw={"served": _page("X-Frame-Options: SAMEORIGIN")}),
        passes(
            raw={"served": _page("Content-Security-Policy: frame-ancestors 'self'")}
        ),
        fails(raw={"served": _page("X-Powered-By: x")}),
        fails(raw={"served": _page("Content-Security-Policy: frame-ancestors *")}),
        fails(
            raw={
                "served": _page(
                    "X-Frame-Options: DENY\n< Content-Security-Policy: "
                    "default-src 'self'; frame-ancestors https:"
                )
            }
        ),
        unsure(missing=("served",)),
        unconcerned(services=("mta",)),
    ),
    outside=not_framed(_kept),
)
