"""Pages as they are kept: the headers that matter, cookies without their values."""

import re
from urllib.parse import urljoin, urlsplit

import msgspec

from zmward.scan.http_named import Site, site
from zmward.scan.http_wire import Question, Reply
from zmward.scan.line import Exchange

# Nobody owns it (RFC 6761), so no honest server answers to it or sends anybody there.
STRANGER = "zmward-scan.invalid"
_KEPT = frozenset(
    (
        *("server", "x-powered-by", "location"),
        *("strict-transport-security", "x-frame-options", "content-security-policy"),
        *("x-content-type-options", "referrer-policy", "x-robots-tag"),
        *("www-authenticate", "allow", "dav"),
        *("ms-server-activesync", "content-type", "via"),
    )
)
_VALUE = 600
_COOKIES = 100
_FLAGS = 10
_SHOWN = 600
_HEADS = 30
_TARGET = re.compile(r"[!-~]{1,500}")


class CookieShown(msgspec.Struct, frozen=True):
    """A cookie's name and flags, lower-case and without its value."""

    name: str
    flags: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Return the cookie as it was set, but for its value."""
        return "; ".join((f"{self.name}=…", *self.flags))


class PageShown(msgspec.Struct, frozen=True):
    """One answer; status 0: none, and `trouble` says why.

    Names of headers are lower-case. `text` is kept of few pages; `cut` says that the
    body went on. `echoed` says that the answer repeats what was asked: a stranger's
    host name, or the whole request; or sends browsers to that name.
    """

    name: str
    path: str
    host: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[CookieShown, ...] = ()
    text: str = ""
    cut: bool = False
    echoed: bool = False
    trouble: str = ""
    method: str = "GET"
    site: Site = ""

    def header(self, name: str) -> str:
        """Return the values of a header, joined; empty where it is not sent."""
        return ", ".join(value for key, value in self.headers if key == name.lower())

    def exchange(self, port: int) -> Exchange:
        """Return what was asked and the head of what came back."""
        rows = [f"{name}: {value}" for name, value in self.headers]
        rows += [f"set-cookie: {cookie.told}" for cookie in self.cookies]
        head = f"HTTP {self.status}" if self.status else self.trouble
        asked = f"{self.method} {self.path} HTTP/1.1\nHost: {self.host}"
        return Exchange(port, asked, "\n".join((head, *rows))[:_SHOWN])


def clean(text: str, most: int = _VALUE) -> str:
    """Return text without anything that steers a terminal, shortened."""
    lines = text[: 2 * most].removeprefix("\ufeff").replace("\t", " ").splitlines()
    shown = ("".join(c if c.isprintable() else "·" for c in line) for line in lines)
    return "\n".join(shown)[:most]


def _cookie(value: str) -> CookieShown:
    first, *flags = value.split(";")
    name = first.partition("=")[0] if "=" in first else ""
    shown = (clean(flag.strip().lower(), 40) for flag in flags[:_FLAGS])
    return CookieShown(clean(name.strip(), 80), tuple(flag for flag in shown if flag))


def page(question: Question, reply: Reply, *, keep: int = 0) -> PageShown:
    """Keep of an answer what can be judged, and so many characters of its text."""
    headers = reply.headers
    body = reply.body.decode("utf-8", "replace")
    return PageShown(
        question.name,
        question.path,
        question.host,
        reply.status,
        tuple((n, clean(v)) for n, v in headers if n in _KEPT)[:_HEADS],
        tuple(_cookie(v) for n, v in headers if n == "set-cookie")[:_COOKIES],
        clean(body, keep) if keep else "",
        reply.cut or len(body) > keep > 0,
        _echoed(question, reply, body),
        method=question.method,
        site=site(reply.raw()),
    )


def _echoed(question: Question, reply: Reply, body: str) -> bool:
    if question.method == "TRACE":
        return f"TRACE {question.path} HTTP/1." in body
    if _host_of(reply.header("location")) == STRANGER:
        return True
    return question.host == STRANGER and STRANGER in body.lower()


def _host_of(target: str) -> str | None:
    """Return the host of an address; None where it has none or is none."""
    try:
        return urlsplit(target).hostname
    except ValueError:
        return None


def onward(origin: str, question: Question, reply: Reply) -> str | None:
    """Return the path of a redirect that stays on the same host, scheme and port."""
    target = reply.header("location")
    if not 300 <= reply.status < 400 or not _TARGET.fullmatch(target):  # noqa: PLR2004  # RFC 9110, 15.4
        return None
    try:
        there = urlsplit(urljoin(f"{origin}{question.path}", target))
        here = urlsplit(origin)
        same = (there.scheme, there.hostname, _port(there.scheme, there.port)) == (
            here.scheme,
            here.hostname,
            _port(here.scheme, here.port),
        )
    except ValueError:
        return None
    path = there.path or "/"
    return (f"{path}?{there.query}" if there.query else path) if same else None


def _port(scheme: str, port: int | None) -> int:
    return port or (443 if scheme == "https" else 80)
