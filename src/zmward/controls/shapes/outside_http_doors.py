"""Looks at doors of the web server that should be shut to strangers."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from zmward.controls.shapes.outside_http import (
    REFUSED,
    alike,
    answers,
    at_fronts,
    bad,
    fronts,
    good,
    nowhere,
    told,
    unfit,
    vantage,
)
from zmward.controls.shapes.outside_http_sights import (
    shown_page,
    start,
    web,
    web_sight,
)
from zmward.controls.shapes.outside_seen import perhaps_itself
from zmward.controls.shapes.outside_ways import ZONES
from zmward.deviation import Judgement, Layer, not_concerned, unknown
from zmward.outlook import Outlook, Outside, Vantage
from zmward.profile import Networks, Profile
from zmward.scan.http import HttpShown
from zmward.scan.http_page import PageShown
from zmward.scan.seen import Seen

_HTTPS = 443
_CONSOLE = frozenset((7071, 9071))
_DIRECT = "Zimbra mailboxd"
_ASKS = frozenset((401, 403, 404, 405))
_NOT_HERE = "request not allowed on port"
# From here nobody can tell what others are let do.
_NEAR = frozenset(("admin", "cluster", "itself"))
_ADMIN = "198.51.100.66"
_SITE = Profile(networks=Networks(admins=(f"{_ADMIN}/32",)))
_INNER = "10.1.2.3"
_INSIDE = Profile(networks=Networks(admins=("10.0.0.0/8",)))


def _success(page: PageShown) -> bool:
    return 200 <= page.status < 300  # noqa: PLR2004  # RFC 9110, 15.3


def _answered(page: PageShown) -> bool:
    """Say whether a servlet answered, not a login page in its place."""
    return _success(page) and not page.site


def door(
    name: str,
    is_shut: Callable[[PageShown], bool],
    is_open: Callable[[PageShown], bool],
    *,
    wanted: str,
    no_cure: str,
    shut: PageShown,
    opened: PageShown,
    absent: frozenset[int] = frozenset(),
) -> Outside:
    """Want a page to refuse strangers; `shut` and `opened` are examples of it.

    `absent` are answers that say that there is no such door.
    """

    def one(subject: str, shown: HttpShown, page: PageShown) -> Iterator[Judgement]:
        text = told(page)
        if alike(shown, page):
            yield unfit(subject, page)
        elif page.status in absent:
            yield not_concerned(Layer.RUNNING, subject, f"{text}: there is none")
        elif is_shut(page):
            yield good(subject, text)
        elif is_open(page):
            yield bad(subject, text, wanted, no_cure=no_cure)
        else:
            yield unfit(subject, page)

    gone = (shown_page(name, status) for status in absent)
    return Outside(
        at_fronts(name, one),
        (
            web_sight("ok", web(start(), shut)),
            web_sight("bad", web(start(), opened)),
            web_sight("bad", web(start(), shut), web(start(), opened, port=8444)),
            web_sight("unknown", web(start(), shown_page(name, 503))),
            web_sight("unknown", web(start(), shown_page(name, 429))),
            web_sight("unknown", web(start(), shown_page(name, 0))),
            web_sight("unknown", web(start(status=shut.status), shut)),
            web_sight("unknown", web(start())),
            *(web_sight("n/a", web(start(), page)) for page in gone),
            web_sight("n/a"),
        ),
    )


def proxy_servlet_asks() -> Outside:
    """Want the proxy servlet to ask strangers for a login."""
    return door(
        "proxy",
        lambda page: page.status in _ASKS,
        _answered,
        wanted="401",
        no_cure="Patch now: this servlet fetches inner pages for whoever asks.",
        shut=shown_page("proxy", 401),
        opened=shown_page("proxy", 200),
    )


def preauth_sends_nobody_away() -> Outside:
    """Want an address for redirects without a signature to be refused."""
    return door(
        "preauth",
        lambda page: page.status in _ASKS | {400} and not page.echoed,
        lambda page: page.echoed and 300 <= page.status < 400,  # noqa: PLR2004  # RFC 9110, 15.4
        wanted="400",
        no_cure="Patch now: links to this server lead to any page of a stranger.",
        shut=shown_page("preauth", 400),
        opened=shown_page("preauth", 302, echoed=True),
    )


def trace_refused() -> Outside:
    """Want TRACE not to give the request back."""
    return door(
        "trace",
        lambda page: page.status in REFUSED or (_success(page) and not page.echoed),
        lambda page: _success(page) and page.echoed,
        wanted="405",
        no_cure="nginx refuses TRACE by itself: take away what stands before it, or "
        "switch the method off there.",
        shut=shown_page("trace", 405),
        opened=shown_page("trace", 200, echoed=True),
    )


def graphql_get_refused() -> Outside:
    """Want GraphQL to answer no GET."""
    return door(
        "graphql",
        lambda page: page.status == 405,  # noqa: PLR2004  # RFC 9110, 15.5.6
        _answered,
        wanted="405",
        no_cure="Patch, and audit the host itself, which has a cure for the setting.",
        shut=shown_page("graphql", 405),
        opened=shown_page("graphql", 200),
        absent=frozenset((404,)),
    )


def console_off_the_web_port() -> Outside:
    """Want no admin console on the ports that serve the web client."""

    def look(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
        if not fronts(seen):
            yield nowhere(outlook)
        for shown in fronts(seen):
            subject = outlook.place(shown.address, shown.port)
            page = shown.page("admin")
            if page is None or not page.status:
                reason = page.trouble if page else shown.trouble
                text = reason or "the page was not asked for"
                yield unknown(Layer.RUNNING, subject, f"admin: {text}")
            elif alike(shown, page):
                yield unfit(subject, page)
            elif outlook.doubtful(seen, shown.address):
                reason = perhaps_itself(seen.source[shown.address])
                yield unknown(Layer.RUNNING, subject, reason)
            else:
                yield _console(subject, page, vantage(seen, outlook, shown))

    def console(status: int, text: str = "") -> PageShown:
        site = "admin console" if status == 200 else ""  # noqa: PLR2004  # HTTP's OK
        return shown_page("admin", status, site=site, text=text)  # type: ignore[arg-type]  # one of the two

    def sent(target: str) -> PageShown:
        return shown_page("admin", 302, {"Location": target})

    refusal = console(500, "Request not allowed on port 443")
    return Outside(
        look,
        (
            web_sight("ok", web(start(), console(404))),
            web_sight("ok", web(start(), refusal)),
            web_sight("ok", web(start(), sent("https://mail.example.test:7071/"))),
            web_sight("ok", web(start(), shown_page("admin", site="web client"))),
            web_sight("bad", web(start(), console(200))),
            web_sight("unknown", web(start(), console(500))),
            web_sight("unknown", web(start(), sent("https://admin.example.test/"))),
            web_sight("unknown", web(start(), sent("https://admin.example.test:x/"))),
            web_sight("unknown", web(start(status=404), console(404))),
            web_sight("unknown", web(start(), shown_page("admin"))),
            web_sight("unknown", web(start(), console(0))),
            web_sight("unknown", web(start(), console(200)), source=""),
            web_sight("n/a", web(start(), console(200)), source=_ADMIN, profile=_SITE),
            web_sight(
                *("unknown", web(start(), console(200))), source=_INNER, profile=_INSIDE
            ),
            web_sight("n/a"),
        ),
    )


def _elsewhere(page: PageShown) -> bool:
    """Say whether the answer sends on to another port, which has a look of its own."""
    try:
        there = urlsplit(page.header("location"))
        here = urlsplit(f"https://{page.host}")
        ports = {there.port or _HTTPS, here.port or _HTTPS}
    except ValueError:
        return False
    return there.scheme == "https" and len(ports) > 1


def _near(subject: str, zone: Vantage | None) -> Judgement | None:
    """Return what to say where the console is shown to those who may see it."""
    if zone is None:
        reason = (
            "the console answers, but nobody knows as whom the server saw the looker: "
            "look from a place that has a public address"
        )
        return unknown(Layer.RUNNING, subject, reason)
    if zone in _NEAR:
        reason = f"the console answers, looked at from {ZONES.get(zone, zone)}"
        return not_concerned(Layer.RUNNING, subject, reason)
    return None


def _console(subject: str, page: PageShown, zone: Vantage | None) -> Judgement:
    text = told(page)
    if page.site == "admin console" and _success(page):
        place = ZONES.get(zone, zone) if zone else ""
        return _near(subject, zone) or bad(
            subject,
            f"{text}: the login page of the admin console, seen from {place}",
            "404",
            no_cure="Let nginx refuse /zimbraAdmin/ on this port, or move the console "
            "to 9071 (admin-console-proxied) and close that to strangers.",
        )
    refused = page.status in REFUSED or _NOT_HERE in page.text.lower()
    if refused or _elsewhere(page) or page.site == "web client":
        return good(subject, text)
    return unfit(subject, page)


def console_by_proxy() -> Outside:
    """Want the admin console, where it is shown at all, to come through nginx."""

    def look(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
        found = [s for s in answers(seen) if s.site == "admin console"]
        mute = [s for s in answers(seen) if s.port in _CONSOLE and s.trouble]
        for shown in mute:
            subject = outlook.place(shown.address, shown.port)
            yield unknown(Layer.RUNNING, subject, shown.trouble)
        if not found and not mute:
            yield nowhere(outlook, "shows the admin console")
        for shown in found:
            subject = outlook.place(shown.address, shown.port)
            zone = vantage(seen, outlook, shown)
            text = f"the admin console, from {shown.product or 'a server unknown'}"
            if shown.product == "nginx":
                yield good(subject, text)
            elif shown.product != _DIRECT:
                yield unknown(Layer.RUNNING, subject, text)
            else:
                answered = ZONES.get(zone, zone) if zone else ""
                yield _near(subject, zone) or bad(
                    subject,
                    f"{text}, answers to {answered}",
                    "reached through 9071 or a tunnel only",
                    no_cure="Close the port to all but the cluster: `zmward firewall`.",
                )

    console = shown_page("admin", site="admin console")
    lost = shown_page(status=404)
    direct = web(lost, console, port=7071, product=_DIRECT)
    return Outside(
        look,
        (
            web_sight("ok", web(lost, console, port=9071)),
            web_sight("bad", direct),
            web_sight("bad", direct, web(lost, console, port=9071)),
            web_sight("unknown", web(lost, console, port=7071, product="")),
            web_sight("unknown", direct, source=""),
            web_sight("unknown", web(port=7071, trouble="it said nothing in time")),
            web_sight("n/a", direct, source=_ADMIN, profile=_SITE),
            web_sight("unknown", direct, source=_INNER, profile=_INSIDE),
            web_sight("bad", direct, source=_INNER),
            web_sight("n/a", web(start())),
        ),
    )
