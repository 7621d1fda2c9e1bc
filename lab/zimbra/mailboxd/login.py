"""Turns a judged login into a token, its cookie and its answer."""

from http.cookies import Morsel

from .call import Call, answer
from .clock import seconds
from .directory import first
from .node import Node
from .store import Entry
from .tokens import Token


def issue(call: Call, account: Entry, *, admin: bool, csrf: bool) -> tuple[str, Token]:
    """Make a token for an account and register it."""
    mailboxd = call.mailboxd
    values = mailboxd.directory.effective(account)
    if admin:
        lifetime = seconds(first(values, "zimbraAdminAuthTokenLifetime", "12h"), 43200)
    else:
        lifetime = seconds(first(values, "zimbraAuthTokenLifetime", "2d"), 172800)
    validity = int(first(account.attrs, "zimbraAuthTokenValidityValue", "-1"))
    text, token = mailboxd.mint.issue(
        account.id, lifetime, admin=admin, csrf=csrf, validity=validity
    )
    mailboxd.registry.register(account, token)
    call.open_session(account, admin=admin)
    return text, token


def login_answer(call: Call, request: Node, account: Entry, *, admin: bool) -> Node:
    """Answer an AuthRequest that succeeded."""
    csrf = request.flag("csrfTokenSecured", default=False)
    text, token = issue(call, account, admin=admin, csrf=csrf)
    response = answer(request)
    response.add_plain("lifetime", call.mailboxd.mint.remaining(token))
    response.add("authToken", text)
    if csrf:
        value = call.mailboxd.mint.csrf_token(token)
        response.add("csrfToken", value)
        call.headers.append(("X-Zimbra-Csrf-Token", value))
    name = "ZM_ADMIN_AUTH_TOKEN" if admin else "ZM_AUTH_TOKEN"
    same_site = "" if request.flag("ignoreSameSite", default=False) else None
    call.headers.append(("Set-Cookie", cookie(call, name, text, same_site)))
    return response


def cookie(call: Call, name: str, value: str, same_site: str | None = None) -> str:
    """Write a cookie with the flags that the scheme and localconfig ask for."""
    setting = call.mailboxd.local.get("zimbra_same_site_cookie", "")
    wanted = setting if same_site is None else same_site
    return cookie_text(name, value, secure=call.http.scheme == "https", site=wanted)


def cookie_text(name: str, value: str, *, secure: bool, site: str) -> str:
    """Write a cookie; SameSite rides on the path and forces Secure."""
    morsel: Morsel[str] = Morsel()
    morsel.set(name, value, value)
    path = f"Path=/;SameSite={site};" if site else "Path=/"
    parts = [morsel.OutputString(), path]
    if secure or site:
        parts.append("Secure")
    parts.append("HttpOnly")
    return "; ".join(parts).replace(";;", ";")
