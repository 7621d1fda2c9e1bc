"""Cookies of the web client are sent over TLS only."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.outside_http_looks import secure_cookies
from zmward.controls.shapes.served import Pages, on_pages, page
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts


def _flags(cookie: str) -> set[str]:
    return {part.strip().lower() for part in cookie.split(";")[1:]}


def _look(_: Facts, host: str, pages: Pages) -> Iterator[Judgement]:
    cookies = page(pages, "login").headers.get("set-cookie", ())
    bare = [one.partition("=")[0] for one in cookies if "secure" not in _flags(one)]
    if not cookies:
        yield unknown(Layer.RUNNING, host, "the login page sets no cookie")
    elif not bare:
        seen = "; ".join(cookies)
        yield sound(Layer.RUNNING, host, source="served", seen=seen)
    else:
        yield deviates(
            Layer.RUNNING,
            host,
            f"without Secure: {', '.join(bare)}",
            "Secure on every cookie",
            no_cure="Let the proxy speak TLS to the mailboxes: they set the flag when "
            "they see https.",
            source="served",
        )


def _page(cookie: str) -> str:
    return f"> login\n< HTTP/2 200\n< set-cookie: {cookie}\n? 200\n"


CONTROL = Control(
    id="cookies-over-tls-only",
    title="Cookies of the web client are sent over TLS only",
    why=(
        "A cookie without the flag Secure also goes out over plain HTTP, where it"
        " can be read and used."
    ),
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T34", "T31"),
    roles=("proxy",),
    check=on_pages(_look),
    refs=(),
    note=(
        "Cookies of the login page are looked at; the session cookie itself is "
        "set after a login."
    ),
    examples=(
        passes(raw={"served": _page("ZM_TEST=zmward:secret; Path=/; Secure")}),
        fails(raw={"served": _page("JSESSIONID=zmward:secret; Path=/; HttpOnly")}),
        unsure(raw={"served": "> login\n< HTTP/2 200\n? 200\n"}),
        unsure(missing=("served",)),
        unconcerned(services=("mta",)),
    ),
    outside=secure_cookies(),
)
