"""Which web server speaks, and which site it shows, by one answer of it."""

import re
from typing import Literal

from zmward.scan.named import Named

Site = Literal["", "web client", "admin console"]

_STATUS = re.compile(rb"HTTP/[0-9]\.[0-9] [0-9]{3}(?: |\r|\n|$)")
_SERVER = re.compile(r"(?im)^server:[ \t]*([^\r\n]*)")
_TOKEN = re.compile(
    r"(nginx|openresty|apache|jetty)(?:[/(]([0-9][0-9A-Za-z.\-]{0,40}))?"
)
_PRODUCTS = {"nginx": "nginx", "openresty": "nginx", "apache": "Apache httpd"}
_ADMIN = re.compile(
    r"(?i)<title>[^<]{0,80}zimbra administration|^location:[^\r\n]*/zimbraAdmin\b",
    re.MULTILINE,
)
_CLIENT = re.compile(
    r"(?i)^set-cookie:[ \t]*zm_(?:test|login_csrf)\b|<title>[^<]{0,80}zimbra web client"
    r"|zimbra collaboration suite web client|/js/zimbraMail/",
    re.MULTILINE,
)
# The words by which its servlets refuse what belongs to another of its ports.
_MAILBOXD = re.compile(r"(?i)request not allowed on port [0-9]+|urn:zimbra\b")
_OFFICE = re.compile(
    r"(?i)onlyoffice|^location:[^\r\n]*/welcome/[ \t]*\r?$", re.MULTILINE
)
_JETTY = re.compile(r"(?i)powered by jetty|<h2>HTTP ERROR:? [0-9]{3}")
_WANTS_TLS = re.compile(r"(?i)plain HTTP request was sent to HTTPS port")
_MOST = 65_536


def site(response: bytes) -> Site:
    """Say which of Zimbra's two sites an answer, head and body, belongs to."""
    text = response[:_MOST].decode("latin-1")
    if _ADMIN.search(text):
        return "admin console"
    return "web client" if _CLIENT.search(text) else ""


def name(response: bytes, *, tls: bool = False) -> Named | None:
    """Name the service by an answer, head and body; None where it is no HTTP."""
    if not _STATUS.match(response):
        return None
    text = response[:_MOST].decode("latin-1")
    head = text.replace("\r\n", "\n").partition("\n\n")[0]
    server = _SERVER.search(head)
    token = _TOKEN.search(server[1].lower()) if server else None
    tls = tls or bool(_WANTS_TLS.search(text))
    if _OFFICE.search(text):
        return Named("http", "OnlyOffice", tls=tls)
    if token and token[1] in _PRODUCTS:
        return Named("http", _PRODUCTS[token[1]], token[2] or "", tls=tls)
    if site(response) or _MAILBOXD.search(text):
        return Named("http", "Zimbra mailboxd", tls=tls)
    if token or _JETTY.search(text):
        return Named("http", "Jetty", (token and token[2]) or "", tls=tls)
    return Named("http", tls=tls)
