"""Browsers are told not to guess content types."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.outside_http import header_sent
from zmward.controls.shapes.served import PROXY, header_served

_NAME = "X-Content-Type-Options"


def _nosniff(value: str) -> bool:
    return value.partition(",")[0].strip().lower() == "nosniff"


def _page(header: str) -> str:
    line = f"< {header}\n" if header else ""
    return f"> login\n< HTTP/2 200\n{line}? 200\n"


CONTROL = Control(
    id="content-types-not-guessed",
    title="Browsers are told not to guess content types",
    why=(
        "A browser that guesses can take an uploaded text for a page and run the "
        "script in it."
    ),
    impact="None that is known.",
    severity=Severity.LOW,
    tips=("T31",),
    roles=("proxy",),
    check=header_served(_NAME, "nosniff", _nosniff),
    refs=(),
    note=(
        "Set by both attributes the header is sent twice; browsers take the first one."
    ),
    examples=(
        passes(
            config={PROXY: f"{_NAME}: nosniff"},
            domains={},
            raw={"served": _page(f"{_NAME}: nosniff")},
        ),
        passes(config={}, domains={}, raw={"served": _page(f"{_NAME}: nosniff")}),
        passes(
            config={},
            domains={},
            raw={"served": _page(f"{_NAME}: nosniff\n< {_NAME}: nosniff")},
        ),
        fails(config={}, domains={}, raw={"served": _page("")}),
        fails(config={PROXY: f"{_NAME}: sniff"}, domains={}, missing=("served",)),
        fails(
            config={PROXY: f"{_NAME}: nosniff"}, domains={}, raw={"served": _page("")}
        ),
        unsure(config={PROXY: f"{_NAME}: nosniff"}, domains={}, missing=("served",)),
        unconcerned(services=("mta",), domains={}),
    ),
    outside=header_sent(_NAME, "nosniff", _nosniff, sample="nosniff"),
)
