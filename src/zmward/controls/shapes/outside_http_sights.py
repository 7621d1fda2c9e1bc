"""What web servers showed, as examples of the looks at them are written."""

from collections.abc import Iterable, Mapping
from typing import Literal

from zmward.outlook import Sight
from zmward.profile import Profile
from zmward.scan.http import HttpShown
from zmward.scan.http_named import Site
from zmward.scan.http_page import STRANGER, CookieShown, PageShown
from zmward.scan.seen import Seen

HOST = "mail.example.test"
ADDRESS = "192.0.2.10"
_OUT_THERE = "198.51.100.7"

_NONE: Mapping[str, str] = {}


def shown_page(
    name: str = "start",
    status: int = 200,
    headers: Mapping[str, str] = _NONE,
    *,
    site: Site = "",
    cookies: Iterable[CookieShown] = (),
    text: str = "",
    cut: bool = False,
    echoed: bool = False,
) -> PageShown:
    """Return one answer; status 0 means that there was none."""
    return PageShown(
        name,
        "/",
        STRANGER if name == "stranger" else HOST,
        status,
        tuple((key.lower(), value) for key, value in headers.items()),
        tuple(cookies),
        text,
        cut=cut,
        echoed=echoed,
        trouble="" if status else "it said nothing in time",
        site=site,
    )


def start(
    headers: Mapping[str, str] = _NONE,
    status: int = 200,
    *,
    cookies: Iterable[CookieShown] = (),
) -> PageShown:
    """Return the first page of the web client, or another answer in its place."""
    site: Site = "web client" if status == 200 else ""  # noqa: PLR2004  # HTTP's OK
    return shown_page("start", status, headers, site=site, cookies=cookies)


def web(
    *pages: PageShown,
    port: int = 443,
    tls: bool = True,
    product: str = "nginx",
    trouble: str = "",
) -> HttpShown:
    """Return a port with its pages, the proxy's own one unless it is said."""
    return HttpShown(
        ADDRESS,
        port,
        trouble=trouble,
        tls=tls,
        product=product,
        pages=pages,
    )


def web_sight(
    state: Literal["ok", "bad", "unknown", "n/a"],
    *shown: HttpShown,
    source: str = _OUT_THERE,
    profile: Profile | None = None,
) -> Sight:
    """Return an example: what was seen from the internet, or from another address."""
    seen = Seen(
        HOST,
        "2026-11-21T12:00:00+00:00",
        "0",
        addresses=(ADDRESS,),
        source={ADDRESS: source},
        shown=shown,
    )
    return Sight(state, seen, profile or Profile())
