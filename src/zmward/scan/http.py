"""What a web server answers to harmless requests: headers, cookies, pages."""

import ipaddress
import re

import msgspec
from msgspec.structs import replace

from zmward.scan import http_named
from zmward.scan.http_named import Site
from zmward.scan.http_page import STRANGER, PageShown, onward, page
from zmward.scan.http_wire import BODY, Question, Reply, Talk
from zmward.scan.line import Ask, Broken, Dial, Exchange
from zmward.scan.named import Named

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252})")
_HOPS = 3
_DULL = frozenset((0, 404))
_WEB = frozenset((80, 443))
_SHORT = 4096
_VERSION = re.compile(rb'CLIENT_VERSION"?[^\n"]{0,120}"([0-9]{1,3}\.[\w.\-]{1,40})"')
_TELLING = frozenset(("start", "robots", "stranger", "admin", "trace", "preauth"))


class HttpShown(msgspec.Struct, frozen=True, tag="http"):
    """One port that speaks HTTP, and what its pages showed.

    `version` is the build that the web client's own scripts tell.
    """

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""
    tls: bool = False
    product: str = ""
    version: str = ""
    pages: tuple[PageShown, ...] = ()

    @property
    def site(self) -> Site:
        """Return which of Zimbra's sites it shows: on its first page, or at all."""
        shown = (page for page in self.pages if page.name in ("start", "admin"))
        return next((page.site for page in shown if page.site), "")

    def page(self, name: str) -> PageShown | None:
        """Return a page by its name; None where it was not asked for."""
        return next((page for page in self.pages if page.name == name), None)


# What a port is asked that shows neither site: mailboxd counts requests, and refuses
# the thirty-first of a second (DoSFilter).
_FEW = frozenset(("admin",))
# Name, path, method. None of them is more than a look at a door: nobody logs in, what
# would be fetched or where browsers would be sent is a name that nobody can have.
_MORE = (
    ("stranger", "/", "GET"),
    ("robots", "/robots.txt", "GET"),
    ("trace", "/", "TRACE"),
    ("admin", "/zimbraAdmin/", "GET"),
    ("soap", "/service/soap", "GET"),
    ("proxy", f"/service/proxy?target=http%3A%2F%2F{STRANGER}%2F", "GET"),
    (
        "preauth",
        f"/service/preauth?isredirect=1&redirectURL=https%3A%2F%2F{STRANGER}%2F",
        "GET",
    ),
    ("graphql", "/service/extension/graphql?query=%7B__typename%7D", "GET"),
    ("ews", "/ews/Exchange.asmx", "GET"),
    ("activesync", "/Microsoft-Server-ActiveSync", "OPTIONS"),
    ("dav", "/dav/", "OPTIONS"),
    ("version", "/js/zimbraMail/share/model/ZmSettings.js", "GET"),
)
_LONG = frozenset(("start", "robots", "version"))
_FOLLOWED = frozenset(("start", "robots", "admin"))
_TEXTS = {"robots": 4000, "admin": 300}


def named(response: bytes, *, tls: bool = False) -> Named | None:
    """Name the service by an answer, head and body; None where it is no HTTP."""
    return http_named.name(response, tls=tls)


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _place(dial: Dial, ask: Ask) -> str:
    """Return the host to ask for: the name as given, or the address."""
    host = ask.host if _HOST.fullmatch(ask.host) else dial.address
    return f"[{host}]" if ":" in host else host


class _Look:
    """The pages of one port, as they come in."""

    def __init__(self, dial: Dial, port: int, ask: Ask, *, tls: bool) -> None:
        host = _place(dial, ask)
        usual = port == (443 if tls else 80)
        self._host = host if usual else f"{host}:{port}"
        self._origin = f"{'https' if tls else 'http'}://{self._host}"
        named_host = "" if _numeric(host.strip("[]")) else host
        self._talk = Talk(dial, port, named_host if tls else None)
        self._port = port
        self._tls = tls
        self._shown = HttpShown(dial.address, port, tls=tls)

    def shown(self) -> HttpShown:
        """Ask everything, in one conversation where the server lets it be one."""
        with self._talk:
            try:
                start = self._start()
            except Broken as error:
                return replace(self._shown, trouble=str(error))
            pages = [start]
            for name, path, method in self._more(start):
                host = STRANGER if name == "stranger" else self._host
                pages.append(self._page(Question(name, path, host, method)))
        told = (one for one in pages if one.name in _TELLING or one.status not in _DULL)
        exchanges = tuple(one.exchange(self._port) for one in told)
        return replace(self._shown, pages=tuple(pages), exchanges=exchanges)

    def _more(self, start: PageShown) -> tuple[tuple[str, str, str], ...]:
        away = start.header("location").lower().startswith("https:")
        if not self._tls and away:
            return ()
        inner = self._shown.product == "Zimbra mailboxd"
        if self._port in _WEB or (start.site == "web client" and not inner):
            return _MORE
        return tuple(row for row in _MORE if row[0] in _FEW)

    def _start(self) -> PageShown:
        question, reply = self._asked(Question("start", "/", self._host))
        self._name(reply)
        return page(question, reply)

    def _name(self, reply: Reply) -> None:
        if (found := named(reply.raw())) and found.product:
            self._shown = replace(self._shown, product=found.product)

    def _asked(self, question: Question) -> tuple[Question, Reply]:
        """Ask, and follow where the answer stays on this host and port."""
        most = BODY if question.name in _LONG else _SHORT
        reply = self._talk.ask(question, most=most)
        for _ in range(_HOPS if question.name in _FOLLOWED else 0):
            path = onward(self._origin, question, reply)
            if path is None:
                break
            question = replace(question, path=path)
            reply = self._talk.ask(question, most=most)
        return question, reply

    def _page(self, question: Question) -> PageShown:
        try:
            last, reply = self._asked(question)
        except Broken as error:
            return PageShown(
                question.name,
                question.path,
                question.host,
                trouble=str(error),
                method=question.method,
            )
        if question.name == "version" and (found := _VERSION.search(reply.body)):
            self._shown = replace(self._shown, version=found[1].decode())
        if question.name == "admin" and self._shown.product in ("", "Jetty"):
            self._name(reply)
        return page(last, reply, keep=_TEXTS.get(question.name, 0))


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> HttpShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    return _Look(dial, port, ask, tls=tls).shown()
