"""Static files, the login pages and the robots servlet."""

from pathlib import Path

from .core import Mailboxd
from .directory import first
from .http_protocol import Request, Response
from .logs import LogContext
from .origin import Origin

_TYPES = {
    ".css": "text/css",
    ".html": "text/html;charset=utf-8",
    ".js": "application/javascript;charset=utf-8",
    ".jsp": "text/html;charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_KEEP_OUT = "User-agent: *\nDisallow: /\n"
_LET_IN = "User-agent: *\nAllow: /\n"
_FRAME = ("X-Frame-Options", "SAMEORIGIN")


def answer_robots(
    mailboxd: Mailboxd, _request: Request, _origin: Origin, _log: LogContext
) -> Response:
    """Answer for crawlers as zimbraMailKeepOutWebCrawlers says now."""
    closed = first(mailboxd.settings(), "zimbraMailKeepOutWebCrawlers") == "TRUE"
    text = _KEEP_OUT if closed else _LET_IN
    extra = Path(mailboxd.local.get("robots_txt", "/opt/zimbra/conf/robots.txt"))
    if extra.is_file():
        text += extra.read_text(encoding="utf-8")
    return Response(200, text.encode(), "text/plain;charset=utf-8")


def answer_static(
    mailboxd: Mailboxd, request: Request, _origin: Origin, _log: LogContext
) -> Response:
    """Answer with a file of the web application that the path belongs to."""
    path = _file(mailboxd, request)
    if path is None or not path.is_file():
        return Response(404, b"<html><body><h2>HTTP ERROR 404</h2></body></html>")
    content = path.read_bytes()
    if path.suffix in {".jsp", ".js"}:
        content = _filled(mailboxd, request, content)
    kind = _TYPES.get(path.suffix, "application/octet-stream")
    headers = [_FRAME] if path.suffix in {".jsp", ".html"} else []
    if path.suffix == ".jsp":
        secure = "; Secure" if request.scheme == "https" else ""
        test = f"ZM_TEST=true; Path=/{secure}"
        headers += [("Set-Cookie", test), ("X-XSS-Protection", "1; mode=block")]
    return Response(200, content, kind, headers)


def _file(mailboxd: Mailboxd, request: Request) -> Path | None:
    path = request.path
    web, admin_url = mailboxd.places.web, "/zimbraAdmin"
    if path == admin_url or path.startswith(admin_url + "/"):
        if request.listener.role != "admin":
            return None
        base, inner = web / "zimbraAdmin", path.removeprefix(admin_url).strip("/")
        start = "public/admin.jsp"
    elif request.listener.role == "admin":
        return None
    else:
        base, inner, start = web / "zimbra", path.strip("/"), "public/login.jsp"
    if inner.upper().startswith(("WEB-INF", "META-INF")):
        return None
    found = (base / (inner or start)).resolve()
    if not found.is_relative_to(base.resolve()):
        return None
    return found


def _filled(mailboxd: Mailboxd, request: Request, content: bytes) -> bytes:
    """Show a page as served: directives gone, its names filled in."""
    lines = [line for line in content.splitlines() if not line.startswith(b"<%")]
    text = b"\n".join(lines) + b"\n"
    version = first(mailboxd.started, "zimbraServerVersionBuild", "4655")
    text = text.replace(b"${version}", version.encode())
    release = first(mailboxd.started, "zimbraServerVersion")
    text = text.replace(b"${release}", release.encode())
    return text.replace(b"${path}", request.path.encode("ascii", "ignore"))
