"""The proxy servlet, which says whom it would fetch from but never fetches."""

from urllib.parse import urlsplit

from .bearer import cookie_bearer
from .core import Mailboxd
from .http_protocol import Request, Response
from .logs import LogContext
from .origin import Origin
from .store import Entry


def answer_proxy(
    mailboxd: Mailboxd, request: Request, _origin: Origin, log: LogContext
) -> Response:
    """Judge a target by the allow-list of the caller's class of service."""
    found = cookie_bearer(mailboxd, request)
    if found is None:
        return Response(401, b"no authtoken cookie")
    target = request.query.get("target", "")
    host = urlsplit(target).hostname
    if not host:
        return Response(400, b"missing target")
    log.set("name", found[0].name)
    # On the admin port nobody looks at the list.
    if request.listener.role != "admin" and not allowed(mailboxd, found[0], host):
        text = f"proxy servlet: not allowed to access {host}"
        mailboxd.logs.mailbox(log, "misc", text)
        return Response(403, b"<html><body><h2>HTTP ERROR 403</h2></body></html>")
    return Response(200, f"would fetch {target}\n".encode(), "text/plain")


def allowed(mailboxd: Mailboxd, account: Entry, host: str) -> bool:
    """Compare suffixes; the account's own values do not count."""
    cos = mailboxd.directory.cos_of(account)
    if cos is None:
        return False
    rules = cos.attrs.get("zimbraProxyAllowedDomains", [])
    return any(host.lower().endswith(rule.removeprefix("*").lower()) for rule in rules)
