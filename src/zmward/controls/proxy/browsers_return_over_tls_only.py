"""Browsers are told to come back over TLS only (HSTS)."""

import re

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.outside_http import header_sent
from zmward.controls.shapes.served import PROXY, header_served

_NAME = "Strict-Transport-Security"
_AGE = re.compile(r"(?i)\bmax-age\s*=\s*\"?(\d{1,12})")
_HALF_A_YEAR = 15_768_000


def _long(value: str) -> bool:
    age = _AGE.search(value)
    return age is not None and int(age[1]) >= _HALF_A_YEAR


def _page(header: str) -> str:
    line = f"< {header}\n" if header else ""
    return f"> login\n< HTTP/2 200\n{line}? 200\n"


CONTROL = Control(
    id="browsers-return-over-tls-only",
    title="Browsers are told to come back over TLS only (HSTS)",
    why=(
        "Without it the first request of a visit goes out in clear text, where "
        "somebody on the way can keep the visit from ever becoming encrypted."
    ),
    impact=(
        "For the time it names browsers refuse the host name without a valid "
        "certificate."
    ),
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=("proxy",),
    locks_out="all users of the web client, should the certificate become invalid",
    check=header_served(_NAME, "max-age=31536000", _long),
    refs=("https://www.rfc-editor.org/rfc/rfc6797",),
    note=(
        "nginx needs the value in quotes when it holds a semicolon; a wrong value"
        " keeps the proxy from starting. The cure leaves out includeSubDomains, "
        "which also binds hosts that are not Zimbra."
    ),
    examples=(
        passes(
            config={PROXY: f"{_NAME}: max-age=31536000"},
            domains={},
            raw={"served": _page(f"{_NAME}: max-age=31536000; includeSubDomains")},
        ),
        passes(
            config={},
            domains={},
            raw={"served": _page(f"{_NAME}: max-age=31536000; includeSubDomains")},
        ),
        passes(
            config={PROXY: f"{_NAME}: max-age=31536000"},
            domains={"example.com": {PROXY: f"{_NAME}: max-age=31536000"}},
            raw={"served": _page(f"{_NAME}: max-age=31536000")},
        ),
        fails(
            config={PROXY: f"{_NAME}: max-age=31536000"},
            domains={"example.com": {PROXY: "X-Robots-Tag: noindex"}},
            raw={"served": _page(f"{_NAME}: max-age=31536000")},
        ),
        fails(config={}, domains={}, raw={"served": _page("")}),
        fails(config={PROXY: f"{_NAME}: max-age=60"}, domains={}, missing=("served",)),
        fails(
            config={PROXY: f"{_NAME}: max-age=31536000"},
            domains={},
            raw={"served": _page("")},
        ),
        unsure(
            config={PROXY: f"{_NAME}: max-age=31536000"},
            domains={},
            missing=("served",),
        ),
        unconcerned(services=("mta",), domains={}),
    ),
    outside=header_sent(
        _NAME, "max-age=31536000", _long, sample="max-age=31536000", redirects=True
    ),
)
