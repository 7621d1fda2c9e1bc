"""The REST servlet: whose mailbox a path names, who may have it, and its archive."""

from datetime import datetime

from .basic import basic_login, must_authenticate
from .bearer import cookie_bearer
from .call import is_admin_account
from .core import Mailboxd
from .directory import first
from .export import export
from .http_protocol import Request, Response
from .logs import LogContext
from .origin import Origin
from .store import Entry
from .tokens import Token

_ADMIN, _USER = "ZM_ADMIN_AUTH_TOKEN", "ZM_AUTH_TOKEN"
_STARTS = ("/service/home/", "/home/")


def answer_rest(
    mailboxd: Mailboxd, request: Request, origin: Origin, log: LogContext
) -> Response:
    """Give an account whole to whom it belongs, or to an administrator."""
    token: Token | None = None
    admin_here = request.listener.role == "admin"
    if (_ADMIN if admin_here else _USER) in request.cookies:
        found = cookie_bearer(mailboxd, request)
        if found is None:
            return Response(401, b"must authenticate")
        caller, token = found
    else:
        known = basic_login(mailboxd, request, origin, log, "http_basic")
        if known is None:
            return must_authenticate()
        caller = known
    log.set("name", caller.name)
    admin = admin_here and is_admin_account(caller) and (token is None or token.admin)
    target = _target(mailboxd, request, caller)
    if target is None or not (admin or target.id == caller.id):
        # No account and no right look alike, so that nobody harvests names.
        return _none("No such item")
    lent = token is not None and bool(token.lender)
    refused = _closed(target, above=admin or lent)
    if refused:
        return _none(refused)
    if request.query.get("fmt") != "tgz":
        return _none("the lab's mailboxes have no other format")
    return _archive(mailboxd, target)


def _target(mailboxd: Mailboxd, request: Request, caller: Entry) -> Entry | None:
    start = next((s for s in _STARTS if request.path.startswith(s)), request.path)
    name, _, below = request.path.removeprefix(start).partition("/")
    if not name or below.strip("/"):
        return None
    if name == "~":
        return caller
    return mailboxd.directory.find("account", "name", name)


def _closed(target: Entry, *, above: bool) -> str:
    """Say why an account's state closes it; administrators come in unless it moves."""
    status = first(target.attrs, "zimbraAccountStatus", "active")
    if status == "maintenance":
        return "account is in maintenance mode"
    return "" if status == "active" or above else "account is not active"


def _archive(mailboxd: Mailboxd, target: Entry) -> Response:
    most = first(mailboxd.directory.effective(target), "zimbraExportMaxDays", "0")
    if int(most):
        # An export of all times is longer than any period.
        return Response(500, b"<html><body><h2>HTTP ERROR 500</h2></body></html>")
    now = datetime.fromtimestamp(mailboxd.clock()).astimezone()
    name = f"{target.id}.{now.month}-{now.day}-{now:%y}.{now:%-H-%-M-%-S}.tgz"
    shown = [("Content-Disposition", f'attachment; filename="{name}"')]
    content = export(mailboxd.places.mail, target)
    kind = "application/x-compressed-tar"
    return Response(200, content, kind, shown, chunked=True)


def _none(text: str) -> Response:
    body = f"<html><body><h2>HTTP ERROR 404 {text}</h2></body></html>"
    return Response(404, body.encode())
