"""The preauth servlet: a signed link, or a token, becomes a session."""

from dataclasses import replace
from urllib.parse import quote, urlsplit

from .bearer import bearer
from .call import is_admin_account
from .clock import seconds
from .core import Mailboxd
from .directory import first
from .faults import Fault
from .http_protocol import Request, Response
from .login import cookie_text
from .logs import LogContext
from .origin import Origin
from .preauth import check_preauth
from .store import Entry


def answer_preauth(
    mailboxd: Mailboxd, request: Request, _origin: Origin, log: LogContext
) -> Response:
    """Answer one step of the preauth exchange."""
    # The servlet clears the log context and never fills in an address.
    silent = LogContext(log.thread)
    query = request.query
    try:
        if "authtoken" in query:
            return _exchange(mailboxd, request, query["authtoken"])
        return _signed(mailboxd, request, silent)
    except Fault as fault:
        return Response(400, fault.message.encode(), "text/plain")


def _exchange(mailboxd: Mailboxd, request: Request, text: str) -> Response:
    found = bearer(mailboxd, text)
    if found is None:
        return Response(400, b"invalid auth token")
    account, token = found
    mailboxd.registry.deregister(account, token)
    return _enter(mailboxd, request, account, admin=token.admin)


def _signed(mailboxd: Mailboxd, request: Request, log: LogContext) -> Response:
    query = request.query
    for name in ("preauth", "account", "timestamp"):
        if not query.get(name):
            return Response(400, f"missing required param: {name}".encode())
    fields = {
        "account": query["account"],
        "by": query.get("by", "name"),
        "expires": query.get("expires", "0"),
        "timestamp": query["timestamp"],
    }
    wants_admin = query.get("admin") == "1"
    if wants_admin:
        fields["admin"] = "1"
    by = fields["by"] if fields["by"] == "id" else "name"
    account = mailboxd.directory.find("account", by, fields["account"])
    if account is None:
        return Response(400, b"authentication failed")
    check_preauth(mailboxd, account, fields, query["preauth"], log)
    admin = wants_admin and request.listener.role == "admin"
    if wants_admin and not (admin and is_admin_account(account)):
        return Response(400, b"permission denied: not an admin account")
    return _enter(mailboxd, request, account, admin=admin)


def _enter(
    mailboxd: Mailboxd, request: Request, account: Entry, *, admin: bool
) -> Response:
    place = _place(mailboxd, request, account)
    if place is None:
        return Response(400, b"redirectURL is not allowed")
    text = _issue(mailboxd, request, account, admin=admin)
    name = "ZM_ADMIN_AUTH_TOKEN" if admin else "ZM_AUTH_TOKEN"
    cookie = cookie_text(
        name,
        text,
        secure=request.scheme == "https",
        site=mailboxd.local.get("zimbra_same_site_cookie", ""),
    )
    location = "/zimbraAdmin" if admin and place == "/" else place
    return Response(302, headers=[("Set-Cookie", cookie), ("Location", location)])


def _issue(mailboxd: Mailboxd, request: Request, account: Entry, *, admin: bool) -> str:
    values = mailboxd.directory.effective(account)
    name = "zimbraAdminAuthTokenLifetime" if admin else "zimbraAuthTokenLifetime"
    lifetime = seconds(first(values, name, "2d"), 172800)
    validity = int(first(account.attrs, "zimbraAuthTokenValidityValue", "-1"))
    text, token = mailboxd.mint.issue(
        account.id, lifetime, admin=admin, csrf=True, validity=validity
    )
    expires = request.query.get("expires", "0")
    if expires.isdecimal() and int(expires):
        token = replace(token, expires=int(expires))
        text = mailboxd.mint.issue_until(token)
    mailboxd.registry.register(account, token)
    return text


def _place(mailboxd: Mailboxd, request: Request, account: Entry) -> str | None:
    wanted = request.query.get("redirectURL")
    if wanted is None:
        return first(mailboxd.started, "zimbraMailURL", "/")
    parts = urlsplit(wanted)
    bare = parts.path + (f"?{parts.query}" if parts.query else "")
    # What is left of the address must begin with one of these two (ZBUG-3105).
    allowed = mailboxd.local.get("zimbra_allowed_redirect_url", "")
    public = _public_url(mailboxd, account)
    starts = [start for start in (allowed, public) if start]
    if not any(bare.startswith(start) for start in starts):
        return None
    return quote(bare, safe="/?&=%:+-._~")


def _public_url(mailboxd: Mailboxd, account: Entry) -> str:
    domain = mailboxd.directory.domain_of(account)
    if domain is None:
        return ""
    values = mailboxd.directory.effective(domain)
    host = first(values, "zimbraPublicServiceHostname")
    scheme = first(values, "zimbraPublicServiceProtocol", "https")
    return f"{scheme}://{host}" if host else ""
