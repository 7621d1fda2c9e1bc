"""Other sites cannot show the web client inside their pages."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.served import Pages, on_pages, page
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts


def _look(_: Facts, host: str, pages: Pages) -> Iterator[Judgement]:
    frame = page(pages, "login").header("X-Frame-Options")
    policy = page(pages, "login").header("Content-Security-Policy")
    text = f"X-Frame-Options: {frame or '(not sent)'}"
    kept = frame.split(",")[0].strip().upper() in ("SAMEORIGIN", "DENY")
    if kept or "frame-ancestors" in policy.lower():
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
        unsure(missing=("served",)),
        unconcerned(services=("mta",)),
    ),
)
