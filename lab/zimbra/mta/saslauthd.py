"""saslauthd of the lab: Cyrus' socket in front, a SOAP AuthRequest behind.

The zimbra mechanism is what only Zimbra ships.
The socket takes four counted strings (user, password, service, realm) and
answers one: ``OK`` or ``NO``.
"""

import http.client
import os
import socketserver
import ssl
import struct
import syslog
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from .peer import Peer, asking_process, smtp_client

CONFIGURATION = Path("/opt/zimbra/conf/saslauthd.conf")
STATE = Path("/opt/zimbra/data/sasl2/state")
LONGEST = 20
SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope">'
    '<soap:Header><context xmlns="urn:zimbra"/></soap:Header><soap:Body>'
    '<AuthRequest xmlns="urn:zimbraAccount"><account by="name">{user}</account>'
    "<password>{password}</password><protocol>smtp</protocol>"
    "</AuthRequest></soap:Body></soap:Envelope>"
)


def urls(configuration: str) -> list[str]:
    """Return the URLs that the configuration file names."""
    rows = (line.partition(":") for line in configuration.splitlines())
    found = [rest for name, _, rest in rows if name == "zimbra_url"]
    return " ".join(found).split()


def forwarded(client: Peer | None) -> dict[str, str]:
    """Return the headers that tell the mailbox server whom it deals with."""
    headers = {"Content-Type": "application/soap+xml"}
    if client is None:
        return headers
    return headers | {
        "X-Forwarded-For": client.address,
        "X-Forwarded-Port": str(client.port),
        "X-Forwarded-Proto": "smtp",
    }


def _ask(url: str, user: str, password: str, client: Peer | None) -> bytes:
    parts = urlsplit(url)
    # The certificate is not looked at: the real one says zimbra_cert_check: off.
    blind = ssl._create_unverified_context()  # noqa: S323, SLF001
    line = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=LONGEST, context=blind
    )
    body = ENVELOPE.format(user=escape(user), password=escape(password))
    line.request("POST", parts.path, body, forwarded(client))
    return line.getresponse().read()


def refusal(reply: bytes, user: str) -> str:
    """Return why the reply refuses the login, empty when it grants it."""
    try:
        root = ET.fromstring(reply)  # noqa: S314 -- the mailbox server's own answer
    except ET.ParseError:
        return "unreadable answer"
    if any(one.tag.endswith("}authToken") for one in root.iter()):
        return ""
    text = root.findtext(f".//{SOAP}Reason/{SOAP}Text")
    return text or f"authentication failed for [{user}]"


def check(user: str, password: str, client: Peer | None) -> str:
    """Return why a login is refused, empty when it is granted."""
    problem = "no mailbox server is known"
    for url in urls(CONFIGURATION.read_text()):
        try:
            return refusal(_ask(url, user, password, client), user)
        except OSError as found:
            problem = f"{url}: {found}"
    return problem


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise EOFError("the client hung up")
    return found


def _fields(stream: BufferedIOBase) -> Iterator[str]:
    for _ in range(4):
        (size,) = struct.unpack("!H", _exactly(stream, 2))
        yield _exactly(stream, size).decode("utf-8", "replace")


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        try:
            user, password, service, realm = _fields(self.rfile)
        except EOFError:
            return
        name = f"{user}@{realm}" if realm and "@" not in user else user
        client = smtp_client(asking_process(self.request))
        problem = check(name, password, client)
        _log(name, service, problem)
        reply = b"NO" if problem else b"OK"
        self.wfile.write(struct.pack("!H", len(reply)) + reply)


def _log(name: str, service: str, problem: str) -> None:
    if not problem:
        syslog.syslog(syslog.LOG_INFO, f"auth_zimbra: {name} auth OK")
        return
    syslog.syslog(syslog.LOG_ERR, f"auth_zimbra: {name} auth failed: {problem}")
    syslog.syslog(
        syslog.LOG_INFO,
        f"do_auth         : auth failure: [user={name}] [service={service}] "
        f"[realm=] [mech=zimbra] [reason=Unknown]",
    )


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


def main() -> int:
    """Serve until terminated."""
    syslog.openlog("saslauthd", syslog.LOG_PID, syslog.LOG_AUTH)
    STATE.mkdir(parents=True, exist_ok=True)
    path = STATE / "mux"
    path.unlink(missing_ok=True)
    # Postfix connects as its own user; access is decided by the directory.
    os.umask(0)
    with _Server(str(path), _Conversation) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
