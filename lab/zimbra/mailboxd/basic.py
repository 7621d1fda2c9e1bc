"""HTTP basic logins: the REST and DAV servlets, as far as their doors."""

import base64
import binascii

from .authentication import Attempt
from .core import Mailboxd
from .faults import Fault
from .http_protocol import Request, Response
from .logs import LogContext
from .origin import Origin

_CHALLENGE = ("WWW-Authenticate", 'BASIC realm="Zimbra"')


def answer_rest(
    mailboxd: Mailboxd, request: Request, origin: Origin, log: LogContext
) -> Response:
    """Let a user of the REST servlet in, or not."""
    return _answer(mailboxd, request, origin, log, "http_basic")


def answer_dav(
    mailboxd: Mailboxd, request: Request, origin: Origin, log: LogContext
) -> Response:
    """Let a calendar client in, or not."""
    return _answer(mailboxd, request, origin, log, "http_dav")


def _answer(
    mailboxd: Mailboxd,
    request: Request,
    origin: Origin,
    log: LogContext,
    protocol: str,
) -> Response:
    log.set("ua", request.headers.get("user-agent"))
    given = _credentials(request.headers.get("authorization", ""))
    account = mailboxd.authenticator.account(given[0]) if given else None
    if given is None or account is None:
        return _refused()
    log.set("name", account.name)
    try:
        attempt = Attempt(given[0], given[1], protocol)
        mailboxd.authenticator.check(account, attempt, log)
    except Fault:
        mailboxd.logins.failed(origin.address, mailboxd.settings())
        return _refused()
    # Behind the door there is no mailbox.
    return Response(404, b"<html><body><h2>HTTP ERROR 404</h2></body></html>")


def _credentials(header: str) -> tuple[str, str] | None:
    scheme, _, word = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(word).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None


def _refused() -> Response:
    return Response(401, b"must authenticate", headers=[_CHALLENGE])
