"""The web server: gates first, then the servlet that the path names."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from itertools import count

from .basic import answer_dav
from .core import Mailboxd
from .directory import first
from .faults import Fault
from .filters import referer_is_foreign, response_headers
from .http_protocol import Request, Response
from .logs import LogContext
from .lookup import answer_lookup
from .origin import Origin, find_origin, is_trusted
from .pages import answer_robots, answer_static
from .rest import answer_rest
from .rest_preauth import answer_preauth
from .rest_proxy import answer_proxy
from .soap import answer_soap

Servlet = Callable[[Mailboxd, Request, Origin, LogContext], Response]

_STATUS_PAGE = (
    "<html><head><title>Error {0}</title></head>"
    "<body><h2>HTTP ERROR {0}</h2><p>{1}</p></body></html>"
)


class Web:
    """Answers every HTTP request of the mailbox server."""

    def __init__(self, mailboxd: Mailboxd, executor: Executor) -> None:
        self._mailboxd = mailboxd
        self._executor = executor
        self._numbers = count(21)

    async def answer(self, request: Request) -> Response:
        """Answer a request in the thread that owns the directory."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._answer, request)

    def _answer(self, request: Request) -> Response:
        started = time.monotonic()
        mailboxd = self._mailboxd
        log = LogContext(f"qtp1068934215-{next(self._numbers)}:{request.url}")
        origin = self._origin(request)
        _log_origin(log, origin)
        response = self._gated(request, origin, log)
        latency = int((time.monotonic() - started) * 1000)
        mailboxd.logs.access(self._access_line(request, response, origin, latency))
        return response

    def _gated(self, request: Request, origin: Origin, log: LogContext) -> Response:
        mailboxd = self._mailboxd
        if not mailboxd.floods.admits(origin.address):
            text = f"DOS ALERT:Request rejected ip={origin.address}"
            mailboxd.logs.mailbox(log, "DoSFilter", text, "WARN")
            page = error_page(429, "Too Many Requests")
            page.headers.append(("DoSFilter", "unavailable"))
            return page
        referer = request.headers.get("referer", "")
        if referer_is_foreign(referer, request.host, mailboxd.directory):
            return error_page(403, "Forbidden")
        if request.path.startswith("/service/") and not mailboxd.logins.admits(
            origin.address, mailboxd.settings()
        ):
            return Response(503)
        try:
            response = self._servlet(request)(mailboxd, request, origin, log)
        except Fault as fault:
            return error_page(500, fault.message)
        self._add_headers(request, response)
        return response

    def _servlet(self, request: Request) -> Servlet:
        role, path = request.listener.role, request.path
        if role == "redirect":
            return _redirect
        for start, roles, servlet in _SERVLETS:
            if path.startswith(start):
                return servlet if role in roles else _not_allowed
        return _not_allowed

    def _origin(self, request: Request) -> Origin:
        header = self._mailboxd.local.get(
            "zimbra_http_originating_ip_header", "X-Forwarded-For"
        )
        trusted = self._mailboxd.settings().get("zimbraMailTrustedIP", [])
        origin = find_origin(request.peer, request.headers, header, trusted)
        if is_trusted(origin.peer, trusted):
            return origin
        return Origin(origin.peer, origin.port)

    def _add_headers(self, request: Request, response: Response) -> None:
        if request.path.startswith("/service/admin/soap"):
            return
        host = request.host.rpartition(":")[0] or request.host
        cached = self._mailboxd.response_headers
        if host not in cached:
            # Kept for each virtual host until mailboxd restarts.
            directory = self._mailboxd.directory
            domain = directory.domain_of_host(host)
            source = domain or directory.config()
            rules = directory.effective(source).get("zimbraResponseHeader", [])
            cached[host] = response_headers(rules)
        response.headers += cached[host]

    def _access_line(
        self, request: Request, response: Response, origin: Origin, latency: int
    ) -> str:
        moment = datetime.fromtimestamp(self._mailboxd.clock()).astimezone()
        who = request.headers.get("x-forwarded-for", origin.peer)
        agent = request.headers.get("user-agent", "-")
        referer = request.headers.get("referer", "-")
        return (
            f"{who} -  -  [{moment:%d/%b/%Y:%H:%M:%S %z}] "
            f'"{request.method} {request.target} {request.version}" '
            f'{response.status} {len(response.body)} "{referer}" "{agent}" {latency}'
        )


def _log_origin(log: LogContext, origin: Origin) -> None:
    if origin.origin:
        log.set("oip", origin.origin)
    elif origin.peer not in {"127.0.0.1", "[0:0:0:0:0:0:0:1]"}:
        log.set("ip", origin.peer)
    if origin.origin_port:
        log.set("oport", origin.origin_port)
    else:
        log.set("port", str(origin.port))
    log.set("oproto", origin.origin_protocol)


def error_page(status: int, text: str) -> Response:
    """Give Jetty's own page for an error."""
    return Response(status, _STATUS_PAGE.format(status, text).encode())


def _redirect(
    mailboxd: Mailboxd, request: Request, _origin: Origin, _log: LogContext
) -> Response:
    port = first(mailboxd.started, "zimbraMailSSLPort", "443")
    host = request.host.partition(":")[0]
    place = host if port == "443" else f"{host}:{port}"
    return Response(302, headers=[("Location", f"https://{place}{request.target}")])


def _not_allowed(
    _mailboxd: Mailboxd, request: Request, _origin: Origin, _log: LogContext
) -> Response:
    port = request.listener.port
    return error_page(404, f"Request not allowed on port {port}")


def _admin_soap(
    mailboxd: Mailboxd, request: Request, origin: Origin, log: LogContext
) -> Response:
    if request.method != "POST":
        return error_page(405, "HTTP method GET is not supported by this URL")
    return answer_soap(mailboxd, request, origin, log, admin_here=True)


def _user_soap(
    mailboxd: Mailboxd, request: Request, origin: Origin, log: LogContext
) -> Response:
    if request.method != "POST":
        return error_page(405, "HTTP method GET is not supported by this URL")
    return answer_soap(mailboxd, request, origin, log, admin_here=False)


_PUBLIC = frozenset({"mail", "admin"})
_SERVLETS: tuple[tuple[str, frozenset[str], Servlet], ...] = (
    ("/service/admin/soap", frozenset({"admin", "mta-auth"}), _admin_soap),
    ("/service/soap", frozenset({"mail", "admin", "mta-auth"}), _user_soap),
    ("/service/extension/nginx-lookup", frozenset({"extension"}), answer_lookup),
    ("/service/robots.txt", _PUBLIC, answer_robots),
    ("/service/preauth", _PUBLIC, answer_preauth),
    ("/service/proxy", _PUBLIC, answer_proxy),
    ("/service/home", _PUBLIC, answer_rest),
    ("/home", _PUBLIC, answer_rest),
    ("/service/dav", _PUBLIC, answer_dav),
    ("/dav", _PUBLIC, answer_dav),
    ("/", _PUBLIC, answer_static),
)
