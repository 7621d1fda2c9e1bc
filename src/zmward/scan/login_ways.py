"""Logging in over SMTP, IMAP and POP3, inside TLS only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

from zmward.scan.line import Ask, Babble, Dial, Line
from zmward.scan.login_account import Account, Told, Tries
from zmward.scan.mailbox_talk import imap, imap_answer, offered, pop3
from zmward.scan.smtp_talk import PATIENCE, command, hello, offers, readable, reply

Way = Literal["smtp", "imap", "pop3"]
_NO_TLS = "it does not speak TLS, so it was told no password"


class Port(Protocol):
    """An open port that was seen."""

    @property
    def port(self) -> int:
        """Return its number."""

    @property
    def service(self) -> str:
        """Return what it speaks."""

    @property
    def tls(self) -> bool:
        """Say whether it speaks TLS from the start."""


class Session:
    """A conversation in which somebody may have logged in."""

    def __init__(self, line: Line, told: Told, tries: Tries) -> None:
        self.line = line
        self.told = told
        self.entered = False
        self._tries = tries

    def secret(self, content: bytes) -> None:
        """Send what holds the password, and count the try."""
        self._tries.spend()
        self.line.send(content + b"\r\n", secret=True)

    def enter(self, *, granted: bool) -> None:
        """Take down how the login ended."""
        self.entered = granted
        if granted:
            self._tries.regain()

    def ask(self, text: str) -> str:
        """Say a command of SMTP that holds no secret; return its answer."""
        said = command(self.line, text).text
        self.told.add(text, said)
        return said


def _smtp_tls(line: Line, host: str, *, tls: bool) -> tuple[str, ...]:
    reply(line)
    extensions = hello(line)
    if tls:
        return extensions
    if not offers(extensions, "STARTTLS") or not command(line, "STARTTLS").accepts:
        raise Babble(_NO_TLS)
    line.secure(host)
    return hello(line)


def _smtp(
    session: Session, host: str, account: Account, name: str, *, tls: bool
) -> None:
    line = session.line
    words = _smtp_tls(line, host, tls=tls)
    ways = {way for text in words if text.startswith("AUTH") for way in text.split()}
    if "PLAIN" not in {way.removeprefix("AUTH=") for way in ways}:
        raise Babble("it offers no login by AUTH PLAIN")
    session.secret(b"AUTH PLAIN " + account.plain(name))
    said = reply(line)
    session.enter(granted=said.accepts)
    session.told.add(f"AUTH PLAIN for {name}", said.text)


def _imap(
    session: Session, host: str, account: Account, name: str, *, tls: bool
) -> None:
    line = session.line
    line.line()
    if not tls:
        if not imap(line, "z1", "STARTTLS").granted:
            raise Babble(_NO_TLS)
        line.secure(host)
    answer = imap(line, "z2", "AUTHENTICATE PLAIN")
    if answer.more:
        session.secret(account.plain(name))
        answer = imap_answer(line)
        session.enter(granted=answer.granted and not answer.more)
    session.told.add(f"AUTHENTICATE PLAIN for {name}", answer.text)


def _pop3(
    session: Session, host: str, account: Account, name: str, *, tls: bool
) -> None:
    line = session.line
    line.line()
    if not tls:
        told = offered(pop3(line, "CAPA", many=True))
        if "STLS" not in (told or ()) or not pop3(line, "STLS").granted:
            raise Babble(_NO_TLS)
        line.secure(host)
    answer = pop3(line, f"USER {name}")
    text = answer.text
    if answer.granted:
        session.secret(b"PASS " + account.secret.encode("utf-8", "surrogateescape"))
        said = line.line()
        session.enter(granted=said.upper().startswith(b"+OK"))
        text = readable(said)
    session.told.add(f"USER {name}, PASS", text)


_WAYS = {"smtp": _smtp, "imap": _imap, "pop3": _pop3}
_FAREWELLS: dict[Way, bytes] = {
    "smtp": b"QUIT\r\n",
    "imap": b"z9 LOGOUT\r\n",
    "pop3": b"QUIT\r\n",
}


@contextmanager
def logged_in(
    dial: Dial, port: Port, ask: Ask, session_of: tuple[Account, Told, Tries], name: str
) -> Iterator[Session]:
    """Try one login; `entered` says how it ended. What breaks raises Broken."""
    account, told, tries = session_of
    way: Way = "imap" if port.service == "imap" else "smtp"
    way = "pop3" if port.service == "pop3" else way
    sni = ask.host if port.tls else None
    with dial.connect(port.port, tls=sni, seconds=PATIENCE) as line:
        session = Session(line, told, tries)
        _WAYS[way](session, ask.host, account, name, tls=port.tls)
        yield session
        line.send(_FAREWELLS[way])
