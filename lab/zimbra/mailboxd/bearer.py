"""Who a cookie belongs to, for the servlets that are not SOAP."""

from .core import Mailboxd
from .faults import Fault
from .http_protocol import Request
from .store import Entry
from .tokens import Token


def bearer(mailboxd: Mailboxd, text: str | None) -> tuple[Entry, Token] | None:
    """Give the owner of a living token, or None."""
    if not text:
        return None
    try:
        token = mailboxd.mint.read(text)
        return mailboxd.registry.owner(token), token
    except Fault:
        return None


def cookie_bearer(mailboxd: Mailboxd, request: Request) -> tuple[Entry, Token] | None:
    """Give the owner of the cookie that counts on this port."""
    admin = request.listener.role == "admin"
    name = "ZM_ADMIN_AUTH_TOKEN" if admin else "ZM_AUTH_TOKEN"
    return bearer(mailboxd, request.cookies.get(name))
