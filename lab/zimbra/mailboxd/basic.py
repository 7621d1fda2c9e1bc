"""HTTP basic logins: a user of the REST and DAV servlets proves who he is."""

import base64
import binascii

from .authentication import Attempt
from .core import Mailboxd
from .faults import Fault
from .http_protocol import Request, Response
from .logs import LogContext
from .origin import Origin
from .store import Entry

_CHALLENGE = ("WWW-Authenticate", 'BASIC realm="Zimbra"')


def answer_dav(
    mailboxd: Mailboxd, request: Request, origin: Origin, log: LogContext
) -> Response:
    """Let a calendar client in, or not."""
    if basic_login(mailboxd, request, origin, log, "http_dav") is None:
        return must_authenticate()
    # Behind the door there is no calendar.
    return Response(404, b"<html><body><h2>HTTP ERROR 404</h2></body></html>")


def basic_login(
    mailboxd: Mailboxd,
    request: Request,
    origin: Origin,
    log: LogContext,
    protocol: str,
) -> Entry | None:
    """Give the account whose password came with the request, or None."""
    log.set("ua", request.headers.get("user-agent"))
    given = _credentials(request.headers.get("authorization", ""))
    account = mailboxd.authenticator.account(given[0]) if given else None
    if given is None or account is None:
        return None
    log.set("name", account.name)
    try:
        attempt = Attempt(given[0], given[1], protocol)
        return mailboxd.authenticator.check(account, attempt, log)
    except Fault:
        mailboxd.logins.failed(origin.address, mailboxd.settings())
        return None


def _credentials(header: str) -> tuple[str, str] | None:
    scheme, _, word = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(word).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if colon else None


def must_authenticate() -> Response:
    """Give the answer that asks a client for a password."""
    return Response(401, b"must authenticate", headers=[_CHALLENGE])
