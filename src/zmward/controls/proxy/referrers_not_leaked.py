"""Addresses of the web client are not told to other sites."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.outside_http import header_sent
from zmward.controls.shapes.served import PROXY, header_served

_NAME = "Referrer-Policy"
_LAX = frozenset(
    {"unsafe-url", "origin", "origin-when-cross-origin", "no-referrer-when-downgrade"}
)
_GOOD = frozenset(
    {
        *("no-referrer", "same-origin", "strict-origin"),
        "strict-origin-when-cross-origin",
    }
)


def _strict(value: str) -> bool:
    """Say whether the last policy that browsers know tells other sites no paths."""
    words = [word.strip().lower() for word in value.split(",")]
    known = [word for word in words if word in _GOOD | _LAX]
    return known[-1:] != [] and known[-1] in _GOOD


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
    check=header_served(_NAME, "same-origin", _strict),
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
        passes(
            config={},
            domains={},
            raw={"served": _page(f"{_NAME}: no-referrer, strict-origin")},
        ),
        fails(
            config={},
            domains={},
            raw={"served": _page(f"{_NAME}: no-referrer, unsafe-url")},
        ),
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
    outside=header_sent(_NAME, "same-origin", _strict, sample="same-origin"),
)
