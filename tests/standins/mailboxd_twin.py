"""A mailbox server in this process, and the clients that talk to it."""

import asyncio
import http.client
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.zimbra.mailboxd.core import Mailboxd, Places, build
from lab.zimbra.mailboxd.listeners import Listener
from lab.zimbra.mailboxd.server import Server
from lab.zimbra.mailboxd.tls import Keystore, server_context
from tests.standins.memory import Memory

ROLES = {
    "admin": ("admin", True),
    "mail": ("mail", True),
    "http": ("mail", False),
    "extension": ("extension", True),
    "mta-auth": ("mta-auth", True),
    "imap": ("imap", False),
    "imaps": ("imap", True),
    "pop3": ("pop3", False),
    "lmtp": ("lmtp", False),
}
ENVELOPE = (
    '<soap:Envelope xmlns:soap="{protocol}"><soap:Header>'
    '<context xmlns="urn:zimbra">{context}</context></soap:Header>'
    "<soap:Body>{body}</soap:Body></soap:Envelope>"
)
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def header(self, name: str) -> str | None:
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def code(self) -> str | None:
        found = re.search("<Code>(.*?)</Code>", self.text)
        return found[1] if found else None


@dataclass(frozen=True)
class Running:
    """The server under test."""

    store: Memory
    local: dict[str, str]
    clock: Clock
    places: Places
    mailboxd: Mailboxd
    ports: dict[str, int]

    def ask(
        self,
        role: str,
        path: str,
        body: str | bytes | None = None,
        headers: dict[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> Reply:
        port, secure = self.ports[role], ROLES[role][1]
        where: tuple[str, int] = (source, 0)
        link: http.client.HTTPConnection
        if secure:
            link = http.client.HTTPSConnection(
                "127.0.0.1", port, context=blind(), source_address=where, timeout=10
            )
        else:
            link = http.client.HTTPConnection(
                "127.0.0.1", port, source_address=where, timeout=10
            )
        try:
            method = "GET" if body is None else "POST"
            link.request(method, path, body, headers or {})
            found = link.getresponse()
            return Reply(found.status, found.getheaders(), found.read())
        finally:
            link.close()

    def soap(
        self,
        body: str,
        token: str = "",
        *,
        role: str = "admin",
        path: str = "/service/admin/soap/",
        context: str = "",
        protocol: str = SOAP_12,
        **more: Any,
    ) -> Reply:
        if token:
            context += f"<authToken>{token}</authToken>"
        text = ENVELOPE.format(protocol=protocol, context=context, body=body)
        return self.ask(role, path, text, **more)

    def admin(self) -> str:
        """Log the principal zimbra in and return its token."""
        return token_of(self.soap(login("zimbra", "ldap-secret")))

    def user(self, name: str = "user1@example.test") -> str:
        """Log a user in and return the token."""
        return token_of(self.soap(user_login(name, "user-secret"), **USER_SIDE))

    def log(self, name: str) -> str:
        path = self.places.logs / name
        return path.read_text() if path.exists() else ""


USER_SIDE: dict[str, Any] = {"role": "mail", "path": "/service/soap/"}


def login(name: str, password: str, more: str = "") -> str:
    return (
        f'<AuthRequest xmlns="urn:zimbraAdmin"{more}><name>{name}</name>'
        f"<password>{password}</password></AuthRequest>"
    )


def user_login(name: str, password: str) -> str:
    return (
        '<AuthRequest xmlns="urn:zimbraAccount">'
        f'<account by="name">{name}</account>'
        f"<password>{password}</password></AuthRequest>"
    )


def token_of(reply: Reply) -> str:
    found = re.search("<authToken>(.*?)</authToken>", reply.text)
    assert found, reply
    return found[1]


def blind() -> ssl.SSLContext:
    # create_default_context would read the system's authorities each time.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def make_keystore(directory: Path) -> Keystore:
    """Make a keystore as Jetty has it, with openssl."""
    key, certificate = directory / "server.key", directory / "server.crt"
    store = directory / "keystore"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
    new += ["ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj"]
    new += ["/CN=mail.example.test", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(new, check=True, capture_output=True, timeout=30)
    pack = ["openssl", "pkcs12", "-export", "-inkey", str(key), "-in"]
    pack += [str(certificate), "-out", str(store), "-passout", "pass:changeit"]
    subprocess.run(pack, check=True, capture_output=True, timeout=30)
    return Keystore(store, "changeit")


@contextmanager
def running(
    store: Memory, local: dict[str, str], place: Path, keystore: Keystore
) -> Iterator[Running]:
    """Run a server on loopback ports in a thread of its own."""
    places = Places(place / "log", place / "store", place / "webapps")
    places.logs.mkdir()
    clock = Clock()
    mailboxd = build(store, local, "mail.example.test", places, clock=clock)
    server = Server(mailboxd, server_context(mailboxd.started, keystore))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> dict[str, int]:
        ports = {}
        for name, (role, secure) in ROLES.items():
            listener = Listener(role, 0, "127.0.0.1", secure)
            ports[name] = (await server.open([listener]))[0]
        return ports

    async def stop() -> None:
        await server.close()
        # Connections that a client dropped end in this turn of the loop.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    try:
        ports = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
        yield Running(store, local, clock, places, mailboxd, ports)
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()
