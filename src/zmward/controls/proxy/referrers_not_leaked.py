"""Addresses of the web client are not told to other sites."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.served import PROXY, header_served

_NAME = "Referrer-Policy"
_GOOD = frozenset(
    {
        *("no-referrer", "same-origin", "strict-origin"),
        "strict-origin-when-cross-origin",
    }
)


def _page(header: str) -> str:
    line = f"< {header}\n" if header else ""
    return f"> login\n< HTTP/2 200\n{line}? 200\n"


CONTROL = Control(
    id="referrers-not-leaked",
    title="Addresses of the web client are not told to other sites",
    why=(
        "A link in a mail otherwise tells the linked site where it was read, and "
        "addresses may hold tokens."
    ),
    impact="Other sites no longer learn that visitors come from the web client.",
    severity=Severity.LOW,
    tips=("T31",),
    roles=("proxy",),
    check=header_served(
        _NAME, "same-origin", lambda value: value.strip().lower() in _GOOD
    ),
    refs=(),
    note=(
        "The cure sets same-origin: the check against request forgery needs the "
        "Referer of the own pages."
    ),
    examples=(
        passes(
            config={PROXY: f"{_NAME}: same-origin"},
            domains={},
            raw={"served": _page(f"{_NAME}: no-referrer")},
        ),
        passes(config={}, domains={}, raw={"served": _page(f"{_NAME}: no-referrer")}),
        fails(config={}, domains={}, raw={"served": _page("")}),
        fails(config={PROXY: f"{_NAME}: unsafe-url"}, domains={}, missing=("served",)),
        fails(
            config={PROXY: f"{_NAME}: same-origin"},
            domains={},
            raw={"served": _page("")},
        ),
        unsure(
            config={PROXY: f"{_NAME}: same-origin"}, domains={}, missing=("served",)
        ),
        unconcerned(services=("mta",), domains={}),
    ),
)
