"""Looks at the web client's own pages: cookies, robots, names, frames, versions."""

import re
from collections.abc import Callable, Iterator

from zmward.controls.shapes.outside_http import (
    REFUSED,
    alike,
    answers,
    at_fronts,
    bad,
    good,
    nowhere,
    told,
    unfit,
)
from zmward.controls.shapes.outside_http_sights import (
    shown_page,
    start,
    web,
    web_sight,
)
from zmward.deviation import Judgement, Layer, not_concerned, unknown
from zmward.outlook import Outlook, Outside
from zmward.profile import Profile, Services
from zmward.scan.http import HttpShown
from zmward.scan.http_page import CookieShown, PageShown
from zmward.scan.seen import Seen

_OK = 200
# 404 is none of them: the web client may have another path.
_NO = frozenset((400, 403, 410, 421))
# Of these crawlers conclude that everything is allowed (RFC 9309, 2.3.1.3).
_UNAVAILABLE = REFUSED - {501} | {401}
# What nginx says to names that are not its own; nobody else is refused that way.
_STRICT = frozenset((400, 421))
_VERSION = re.compile(r"\d+\.\d+")
_LEAKS = ("server", "x-powered-by")


def _success(page: PageShown) -> bool:
    return 200 <= page.status < 300  # noqa: PLR2004  # RFC 9110, 15.3


def _sent_on(page: PageShown) -> bool:
    return 300 <= page.status < 400  # noqa: PLR2004  # RFC 9110, 15.4


def _secure(cookie: CookieShown) -> bool:
    return any(flag.partition("=")[0].strip() == "secure" for flag in cookie.flags)


def secure_cookies() -> Outside:
    """Want Secure on every cookie of the first page."""

    def one(subject: str, _: HttpShown, page: PageShown) -> Iterator[Judgement]:
        shown = "; ".join(cookie.told for cookie in page.cookies)
        bare = [c.name for c in page.cookies if not _secure(c)]
        if bare:
            yield bad(
                subject,
                f"without Secure: {', '.join(bare)}",
                "Secure on every cookie",
                no_cure="Let the proxy speak TLS to the mailboxes: they set the flag "
                "when they see https.",
                seen=f"{told(page)}, set-cookie: {shown}",
            )
        elif page.cookies:
            yield good(subject, f"{told(page)}, set-cookie: {shown}")
        else:
            reason = f"{told(page)} sets no cookie"
            yield unknown(Layer.RUNNING, subject, reason)

    safe = CookieShown("ZM_TEST", ("path=/", "secure"))
    bare = CookieShown("JSESSIONID", ("path=/", "httponly"))
    return Outside(
        at_fronts("start", one),
        (
            web_sight("ok", web(start(cookies=[safe]))),
            web_sight("bad", web(start(cookies=[safe, bare]))),
            web_sight("bad", web(start(status=302, cookies=[bare]))),
            web_sight("unknown", web(start())),
            web_sight("n/a"),
        ),
    )


def not_framed(kept: Callable[[str, str], bool]) -> Outside:
    """Want a page that no other site may frame; `kept` judges the two headers."""
    frame, policy = "X-Frame-Options", "Content-Security-Policy"

    def one(subject: str, _: HttpShown, page: PageShown) -> Iterator[Judgement]:
        if not _success(page):
            yield unfit(subject, page)
        elif kept(page.header(frame), page.header(policy)):
            yield good(subject, told(page, frame, policy))
        else:
            yield bad(
                subject,
                told(page, frame, policy),
                f"{frame}: SAMEORIGIN",
                no_cure="The web client sends it by itself: who takes it away?",
            )

    return Outside(
        at_fronts("start", one),
        (
            web_sight("ok", web(start({frame: "SAMEORIGIN"}))),
            web_sight("ok", web(start({policy: "frame-ancestors 'self'"}))),
            web_sight("bad", web(start())),
            web_sight("bad", web(start({frame: "DENY", policy: "frame-ancestors *"}))),
            web_sight("unknown", web(start({frame: "DENY"}, 503))),
            web_sight("n/a"),
        ),
    )


def version_hidden() -> Outside:
    """Want no version in the headers of any web server that answers."""

    def look(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
        asked = answers(seen)
        if all(shown.trouble for shown in asked):
            yield nowhere(outlook, "answers in HTTP")
            return
        for shown in asked:
            subject = outlook.place(shown.address, shown.port)
            sent = dict.fromkeys(
                f"{name}: {value}"
                for page in shown.pages
                for name, value in page.headers
                if name in _LEAKS
            )
            telling = [text for text in sent if _VERSION.search(text)]
            if telling:
                yield bad(
                    subject,
                    "; ".join(telling),
                    "no version",
                    no_cure="Zimbra's template sets server_tokens off for nginx; for "
                    "other servers close the port to strangers.",
                )
            elif not shown.trouble and any(page.status for page in shown.pages):
                yield good(subject, "; ".join(sent) or "no Server header")
            else:
                reason = shown.trouble or "no page was answered"
                yield unknown(Layer.RUNNING, subject, reason)

    silent = web(port=8443, trouble="it said nothing in time")
    loud = {"Server": "nginx/1.24.0"}
    return Outside(
        look,
        (
            web_sight("ok", web(start({"Server": "nginx"}))),
            web_sight("ok", web(start(), port=7071, product="Zimbra mailboxd")),
            web_sight("bad", web(start(loud))),
            web_sight("bad", web(start(), shown_page("robots", 404, loud))),
            web_sight("unknown", web(shown_page(status=0))),
            web_sight("unknown", web(start({"Server": "nginx"})), silent),
            web_sight("bad", web(start(loud)), silent),
            web_sight("n/a", web(trouble="nobody took the connection")),
        ),
    )


def tls_only() -> Outside:
    """Want plain HTTP to be refused, or sent on to TLS."""

    def one(subject: str, shown: HttpShown, page: PageShown) -> Iterator[Judgement]:
        text = told(page, "Location")
        target = page.header("Location").lower()
        served = _success(page) and shown.site == "web client"
        if page.status in _NO or (_sent_on(page) and target.startswith("https://")):
            yield good(subject, text)
        elif served or (_sent_on(page) and target.startswith("http://")):
            yield bad(
                subject,
                text,
                "nothing, or a redirect to https://",
                no_cure="It follows from zimbraReverseProxyMailMode: audit the host "
                "itself, which has a cure.",
            )
        else:
            yield unknown(Layer.RUNNING, subject, f"{text} is no page that is known")

    fronts_look = at_fronts("start", one, tls=False, what="speaks plain HTTP")

    def plain(*pages: PageShown, port: int = 80, product: str = "nginx") -> HttpShown:
        return web(*pages, port=port, product=product, tls=False)

    away = {"Location": "https://mail.example.test/"}
    loop = {"Location": "http://mail.example.test/"}
    return Outside(
        fronts_look,
        (
            web_sight("ok", plain(start(away, 301))),
            web_sight("ok", plain(start(status=403))),
            web_sight("bad", plain(start())),
            web_sight("bad", plain(start(loop, 302))),
            web_sight("bad", plain(start(), port=8000)),
            web_sight("unknown", plain(shown_page())),
            web_sight("unknown", plain(start(status=404))),
            web_sight("unknown", plain(start(status=502))),
            web_sight("unknown", plain(start(status=429))),
            web_sight("n/a", plain(start(), port=8080, product="Zimbra mailboxd")),
            web_sight("n/a", web(start())),
        ),
    )


def own_names_only() -> Outside:
    """Want a stranger's host name to be refused on the ports with TLS."""

    def one(subject: str, shown: HttpShown, page: PageShown) -> Iterator[Judgement]:
        text = told(page, "Location")
        if page.status in _STRICT or (
            page.status in REFUSED and not alike(shown, page)
        ):
            yield good(subject, text)
        elif _success(page) or _sent_on(page):
            echo = ", and the name comes back in the answer" if page.echoed else ""
            yield bad(
                subject,
                f"{text}{echo}",
                "400",
                no_cure="It follows from zimbraReverseProxyStrictServerNameEnabled: "
                "audit the host itself, which has a cure.",
            )
        else:
            yield unfit(subject, page)

    def strange(status: int, *, echoed: bool = False) -> PageShown:
        return shown_page("stranger", status, echoed=echoed)

    return Outside(
        at_fronts("stranger", one),
        (
            web_sight("ok", web(start(), strange(400))),
            web_sight("ok", web(start(), strange(421))),
            web_sight("ok", web(start(), strange(403))),
            web_sight("ok", web(start(status=400), strange(400))),
            web_sight("unknown", web(start(status=403), strange(403))),
            web_sight("bad", web(start(), strange(200))),
            web_sight("bad", web(start(), strange(302, echoed=True))),
            web_sight("unknown", web(start(), strange(0))),
            web_sight("unknown", web(start(), strange(429))),
            web_sight("unknown", web(start())),
            web_sight("n/a", web(start(), strange(200), port=80, tls=False)),
        ),
    )


def robots_refused(
    closed: Callable[[str], bool], noindex: Callable[[str], bool]
) -> Outside:
    """Want a robots.txt that closes the whole site, or pages not to be listed."""
    tag = "X-Robots-Tag"

    def one(subject: str, shown: HttpShown, page: PageShown) -> Iterator[Judgement]:
        first = shown.page("start")
        if first and _success(first) and noindex(first.header(tag)):
            yield good(subject, told(first, tag))
            return
        text = f"{told(page)}: {' '.join(page.text.split())[:200]}"
        if page.status == _OK and not page.cut and closed(page.text):
            yield good(subject, text)
        elif first is None or not _success(first) or page.cut:
            yield unknown(Layer.RUNNING, subject, f"{text} does not say it all")
        elif _success(page) or page.status in _UNAVAILABLE:
            yield bad(
                subject,
                text,
                f"Disallow: /, or {tag}: noindex on the pages",
                no_cure="Set the header: audit the host itself, which has a cure.",
            )
        else:
            yield unfit(subject, page)

    fronts_look = at_fronts("robots", one)

    def look(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
        if outlook.profile.services.search_engines == "wanted":
            reason = "the site wants to be found by search engines"
            yield not_concerned(Layer.RUNNING, outlook.subject, reason)
            return
        yield from fronts_look(seen, outlook)

    def robots(text: str, status: int = 200, *, cut: bool = False) -> PageShown:
        return shown_page("robots", status, text=text, cut=cut)

    shut, ajar = "User-agent: *\nDisallow: /", "User-agent: *\nAllow: /"
    found = Profile(services=Services(search_engines="wanted"))
    return Outside(
        look,
        (
            web_sight("ok", web(start(), robots(shut))),
            web_sight("ok", web(start({tag: "noindex"}), robots(ajar))),
            web_sight("bad", web(start(), robots(ajar))),
            web_sight("bad", web(start(), robots(shut, 404))),
            web_sight("bad", web(start({tag: "all"}), robots(""))),
            web_sight("unknown", web(start(), robots(shut, cut=True))),
            web_sight("unknown", web(start(), robots(shut, 503))),
            web_sight("unknown", web(start(status=400), robots(ajar, 400))),
            web_sight("n/a", web(start(), robots(ajar)), profile=found),
        ),
    )
