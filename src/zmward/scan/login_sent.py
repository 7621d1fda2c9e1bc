"""One message that is sent on purpose, and what its headers tell a stranger.

By the web client's own interface where that is reached, since X-Mailer comes from
there; else over SMTP, where Postfix adds what it adds. It goes to one address that
was named, and is taken out of the mailbox again where that is the account's own.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from zmward.scan.http_wire import answered
from zmward.scan.line import AGENT, Ask, Babble, Broken, Dial, Ended, Line, TooMuch
from zmward.scan.login import LoginShown
from zmward.scan.login_account import Account, Told, Tries
from zmward.scan.login_ways import Port, Session, logged_in
from zmward.scan.smtp_talk import PATIENCE, readable

WEB: Final = "the web interface"
SMTP: Final = "SMTP"
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}")
_TOKEN = re.compile(r"[A-Za-z0-9]{8,40}")
_DATE = re.compile(r"[A-Za-z0-9,:+ -]{10,40}")
_ADMIN = (7071, 9071)
_TELLING = re.compile(
    r"(x-mailer|user-agent|x-originating-ip|message-id|received)\s*:", re.IGNORECASE
)
_SOFTWARE = re.compile(r"(x-mailer|user-agent)\s*:", re.IGNORECASE)
_HEADERS = 20
_OK = 200
_LITERAL = re.compile(rb"\{(\d{1,6})\}$")
_LARGEST = 65_536
_LINES = 200


class Letter(msgspec.Struct, frozen=True):
    """The message: to whom, when (RFC 5322), and the word that finds it again."""

    to: str
    token: str
    date: str

    @property
    def sendable(self) -> bool:
        """Say whether all of it can be said in one line each."""
        return bool(
            _ADDRESS.fullmatch(self.to)
            and _TOKEN.fullmatch(self.token)
            and _DATE.fullmatch(self.date)
        )

    @property
    def subject(self) -> str:
        """Return the subject, by which people and programs know it."""
        return f"Test of this server's mail headers, {self.token}"


_BODY = "zmward sent this message to look at its headers. Nobody needs to answer."


class Probe(msgspec.Struct, frozen=True):
    """Who sends, by which way, about which host, and how often it may fail."""

    dial: Dial
    ask: Ask
    account: Account
    tries: Tries


def _message(account: Account, letter: Letter) -> bytes:
    lines = (
        f"Date: {letter.date}",
        f"From: <{account.name}>",
        f"To: <{letter.to}>",
        f"Subject: {letter.subject}",
        f"Message-ID: <{letter.token}@{AGENT}.invalid>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        _BODY,
    )
    return "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")


def _soap(
    probe: Probe, port: Port, token: str, request: dict[str, Any]
) -> dict[str, Any]:
    """Ask one SOAP request in JSON; return the body of its answer."""
    context: dict[str, Any] = {"_jsns": "urn:zimbra", "nosession": {}}
    if token:
        context["authToken"] = {"_content": token}
    host = probe.ask.host
    content = msgspec.json.encode({"Header": {"context": context}, "Body": request})
    head = (
        f"POST /service/soap HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\n"
        "Content-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    with probe.dial.connect(port.port, tls=host, seconds=PATIENCE) as line:
        line.send(head.encode("ascii", "replace") + content, secret=True)
        reply = answered(line)
    try:
        found = msgspec.json.decode(reply.body, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise Babble(f"it answers with {reply.status} and no JSON") from error
    body = found.get("Body")
    if isinstance(body, dict) and "Fault" in body:
        raise _Fault(f"it answers with {reply.status}: {_code(body)}")
    if reply.status != _OK or not isinstance(body, dict):
        raise Babble(f"it answers with {reply.status}: {_code(body)}")
    return body


class _Fault(Babble):
    """A request that mailboxd answered with a fault of its own."""


def _sent_by_web(
    probe: Probe, port: Port, token: str, request: dict[str, Any]
) -> dict[str, Any]:
    """Send the message; only a fault about the mail itself says that it is not sent.

    A proxy's error, and a fault of the service, may come after mailboxd took it.
    """
    try:
        return _soap(probe, port, token, {"SendMsgRequest": request})
    except Babble as error:
        if isinstance(error, _Fault) and ": service." not in str(error):
            raise
        raise Ended(str(error)) from error


def _code(body: object) -> str:
    """Return the error code of a fault, whatever shape it has."""
    found = body
    for name in ("Fault", "Detail", "Error", "Code"):
        found = found.get(name) if isinstance(found, dict) else None
    return readable(str(found or "no reason").encode())


def _token(body: dict[str, Any]) -> str:
    found: object = body.get("AuthResponse")
    for name in ("authToken", "0", "_content"):
        if isinstance(found, list):
            found = found[0] if found else None
        if name != "0":
            found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, str) or not found:
        raise Babble("it gave no token")
    return found


def _by_web(probe: Probe, port: Port, letter: Letter) -> str:
    account = probe.account
    login = {
        "_jsns": "urn:zimbraAccount",
        "account": {"by": "name", "_content": account.name},
        "password": {"_content": account.secret},
    }
    probe.tries.spend()
    token = _token(_soap(probe, port, "", {"AuthRequest": login}))
    probe.tries.regain()
    part = {"ct": "text/plain", "content": {"_content": _BODY}}
    to = {"t": "t", "a": letter.to}
    mail = {"e": [to], "su": {"_content": letter.subject}, "mp": [part]}
    # noSave: no copy stays in the folder of what was sent.
    request = {"_jsns": "urn:zimbraMail", "noSave": "1", "m": mail}
    sent = _sent_by_web(probe, port, token, request)
    end = {"_jsns": "urn:zimbraAccount", "logoff": "1"}
    with suppress(Broken):
        _soap(probe, port, token, {"EndSessionRequest": end})
    if "SendMsgResponse" not in sent:
        raise Ended("it did not say that the message is sent")
    return "SendMsgResponse"


def _session(probe: Probe, port: Port, told: Told) -> AbstractContextManager[Session]:
    account = probe.account
    shared = (account, told, probe.tries)
    return logged_in(probe.dial, port, probe.ask, shared, account.name)


def _by_smtp(probe: Probe, port: Port, letter: Letter) -> str:
    account = probe.account
    told = Told(account, port.port)
    with _session(probe, port, told) as session:
        if not session.entered:
            raise Babble(f"it refused the account: {told.last}")
        for text in (f"MAIL FROM:<{account.name}>", f"RCPT TO:<{letter.to}>"):
            if session.ask(text)[:1] != "2":
                raise Babble(f"{text}: {told.last}")
        if session.ask("DATA")[:1] != "3":
            raise Babble(f"DATA: {told.last}")
        session.line.send(_message(account, letter))
        try:
            said = session.ask(".")
        except Babble as error:
            raise Ended(str(error)) from error
        if said[:1] != "2":
            raise Babble(f"after the message: {said}")
    return said


def _ways(ports: Iterable[Port]) -> Iterator[tuple[str, Port]]:
    ports = tuple(ports)
    web = (p for p in ports if p.service == "http" and p.tls and p.port not in _ADMIN)
    yield from ((WEB, port) for port in web)
    smtp = [p for p in ports if p.service == "smtp" and p.port != 25]  # noqa: PLR2004
    yield from ((SMTP, port) for port in sorted(smtp, key=lambda p: not p.tls))


def send(probe: Probe, ports: Iterable[Port], letter: Letter) -> LoginShown:
    """Send the message once, by the first way that takes it.

    Nobody knows whether a way that broke off late has sent it, so that no second way
    follows where an answer was lost; whoever reads may then find it all the same.
    """
    account = probe.account
    shown = LoginShown("sent-headers", probe.dial.address, 0, account.name)
    if not (letter.sendable and account.sendable and _ADDRESS.fullmatch(account.name)):
        return replace(shown, trouble="an address or the password cannot be sent")
    trouble = "no port that takes mail inside TLS was seen"
    for way, port in _ways(ports):
        shown = replace(
            shown, port=port.port, tried=f"a message to <{letter.to}> by {way}"
        )
        try:
            said = (_by_web if way == WEB else _by_smtp)(probe, port, letter)
        except Babble as error:
            # The server refused, so it has sent nothing.
            trouble = f"port {port.port}: {error}"
        except Broken as error:
            trouble = f"port {port.port}: {error}; it may be sent all the same"
            break
        else:
            return replace(shown, answer=said)
        if probe.tries.spent:
            break
    return replace(shown, trouble=account.without(trouble))


def judged(shown: LoginShown, raw: bytes) -> LoginShown:
    """Judge the headers as they arrived; SMTP says nothing of the web client's."""
    text = re.sub(r"\r?\n[ \t]+", " ", raw[:_LARGEST].decode("utf-8", "replace"))
    head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    lines = [readable(line.encode()) for line in head.splitlines()]
    telling = tuple(line for line in lines if _TELLING.match(line))[:_HEADERS]
    software = next((line for line in telling if _SOFTWARE.match(line)), "")
    if software:
        return replace(shown, ended="bad", answer=software, headers=telling, trouble="")
    if not telling:
        return replace(shown, trouble="these are no headers of a message")
    if WEB in shown.tried:
        answer = "neither X-Mailer nor User-Agent"
        return replace(shown, ended="good", answer=answer, headers=telling, trouble="")
    trouble = "sent over SMTP, it shows nothing of what the web client adds"
    return replace(shown, headers=telling, trouble=trouble)


def collected(
    probe: Probe, port: Port, shown: LoginShown, letter: Letter
) -> LoginShown | None:
    """Fetch the message over IMAP, delete it, and judge it; None if it is not there."""
    account = probe.account
    if probe.tries.over or not letter.sendable:
        return replace(shown, trouble="its mailbox was not opened")
    told = Told(account, port.port)
    try:
        with _session(probe, port, told) as session:
            if not session.entered:
                raise Babble(f"it refused the account: {told.last}")
            raw = _taken(_Box(session.line), letter.token)
    except Broken as error:
        return replace(shown, trouble=account.without(f"port {port.port}: {error}"))
    return None if raw is None else judged(shown, raw)


def _taken(box: "_Box", token: str) -> bytes | None:
    """Return the headers of the message and remove it; None where there is none."""
    box.ask("SELECT INBOX")
    numbers = box.found(f"UID SEARCH SUBJECT {token}")
    if not numbers:
        return None
    raw = box.ask(f"UID FETCH {numbers[-1]} BODY.PEEK[HEADER]")
    if token.encode() not in raw:
        raise Babble("it gave another message")
    box.ask(f"UID STORE {numbers[-1]} +FLAGS.SILENT (\\Deleted)")
    # Without its number it would remove what others marked.
    box.ask(f"UID EXPUNGE {numbers[-1]}")
    return raw


class _Box:
    """An open mailbox: commands, and the content that comes with their answers."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._rows: list[bytes] = []

    def ask(self, text: str) -> bytes:
        """Say a command; return the literal of its answer, if there was one."""
        self._line.send(f"z8 {text}\r\n".encode())
        self._rows, content = [], b""
        while len(self._rows) < _LINES:
            row = self._line.line()
            self._rows.append(row)
            if match := _LITERAL.search(row):
                size = int(match[1])
                if size > _LARGEST:
                    raise TooMuch(f"it announced {size} bytes of headers")
                content = self._line.exactly(size)
            elif row.startswith(b"z8 "):
                if not row.upper().startswith(b"Z8 OK"):
                    raise Babble(f"{text.split(' ', maxsplit=1)[0]}: {readable(row)}")
                return content
        raise TooMuch(f"one answer has more than {_LINES} lines")

    def found(self, text: str) -> list[str]:
        """Return the numbers that a search found."""
        self.ask(text)
        rows = [row.decode("ascii", "replace").split() for row in self._rows]
        return [
            word
            for row in rows
            if row[:2] == ["*", "SEARCH"]
            for word in row[2:]
            if word.isascii() and word.isdecimal() and len(word) <= 10  # noqa: PLR2004
        ]
