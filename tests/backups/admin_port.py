"""mailboxd's admin port as far as an export goes: SOAP logins, and `/home/…?fmt=tgz`.

The answers are those that Zimbra's own source gives: a token per account, 204 for a
mailbox without content, 404 for one in maintenance, and a body without a length that
ends with the connection.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

ADMIN = "0_admin"


@dataclass
class Exports:
    """What is exported by account; bytes, a status, or a body that breaks off."""

    found: dict[str, bytes | int]
    ids: dict[str, str]
    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    expire_once: bool = False
    ended: int = 0
    hold: threading.Event | None = None
    held: threading.Event = field(default_factory=threading.Event)


def _handler(  # noqa: C901  # one class, whose methods are its branches
    exports: Exports,
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_words: object) -> None:
            return

        def _soap(self, body: dict[str, object], status: int = 200) -> None:
            content = json.dumps({"Header": {}, "Body": body}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/javascript;charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:  # the name that http.server wants
            size = int(self.headers["Content-Length"])
            text = self.rfile.read(size).decode()
            if "<AuthRequest" in text:
                held = [{"_content": ADMIN}]
                self._soap({"AuthResponse": {"authToken": held}})
                return
            if "<EndSessionRequest" in text:
                exports.ended += 1
                self._soap({"EndSessionResponse": {}})
                return
            if exports.expire_once:
                exports.expire_once = False
                detail = {"Error": {"Code": "service.AUTH_EXPIRED"}}
                fault = {"Reason": {"Text": "expired"}, "Detail": detail}
                self._soap({"Fault": fault}, 500)
                return
            assert f"<authToken>{ADMIN}</authToken>" in text
            number = text.partition('requestId="')[2].partition('"')[0]
            who = text.partition('by="id">')[2].partition("<")[0]
            token = [{"_content": f"0_for_{exports.ids[who].encode().hex()}"}]
            answer = {"requestId": number, "authToken": token, "lifetime": 86400}
            self._soap({"DelegateAuthResponse": answer})

        def do_GET(self) -> None:  # the name that http.server wants
            parts = urlsplit(self.path)
            name = unquote(parts.path.removeprefix("/home/").removesuffix("/"))
            exports.asked.append(name)
            cookie = f"ZM_ADMIN_AUTH_TOKEN=0_for_{name.encode().hex()}"
            found = exports.found.get(name, 404)
            if self.headers["Cookie"] != cookie or parts.query != "fmt=tgz":
                found = 401
            self.close_connection = True
            if isinstance(found, int):
                self.send_response(found)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/x-compressed-tar")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            half = len(found) // 2
            self._chunk(found[:half])
            if exports.hold is not None:
                exports.held.set()
                exports.hold.wait(60)
            if name in exports.broken:
                return
            self._chunk(found[half:])
            self.wfile.write(b"0\r\n\r\n")

        def _chunk(self, piece: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()

    return Handler


@contextmanager
def serving(exports: Exports, key: Path, certificate: Path) -> Iterator[int]:
    """Serve on a port of loopback, and give its number."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(exports))
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
