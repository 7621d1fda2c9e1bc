"""LMTP: recipients are looked up, messages become files."""

import os
import secrets
from functools import partial

from .directory import first
from .line_protocol import Connection
from .logs import LogContext
from .store import Entry

_LATER = "450 4.2.1 Mailbox temporarily unavailable"
_NEVER = "550 5.2.1 Mailbox disabled"


class Lmtp:
    """One LMTP session; nobody has to authenticate."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        self._log = LogContext(f"LmtpServer-{number}")
        self._log.set("ip", connection.peer)
        self._recipients: list[Entry] = []
        self._sender: str | None = None
        self._open = True

    async def run(self) -> None:
        """Greet and obey until the client leaves."""
        await self._connection.send(f"220 {self._banner()}")
        while self._open and (line := await self._connection.line()) is not None:
            command, _, rest = line.strip().partition(" ")
            action = {
                "LHLO": self._lhlo,
                "NOOP": self._noop,
                "RSET": self._rset,
                "STARTTLS": self._starttls,
                "MAIL": self._mail,
                "RCPT": self._rcpt,
                "DATA": self._take_message,
                "QUIT": self._quit,
            }.get(command.upper())
            if action is None:
                await self._connection.send("500 5.5.1 Unknown command")
            else:
                await action(rest)

    def _banner(self) -> str:
        server = self._connection.mailboxd.started
        host = self._connection.mailboxd.host
        version = ""
        if first(server, "zimbraLmtpExposeVersionOnBanner") == "TRUE":
            version = f" {first(server, 'zimbraServerVersion')}"
        return f"{host} Zimbra{version} LMTP server ready"

    async def _lhlo(self, _rest: str) -> None:
        offered = [self._connection.mailboxd.host]
        if not self._connection.secure:
            offered.append("STARTTLS")
        offered += ["8BITMIME", "ENHANCEDSTATUSCODES", "PIPELINING", "SIZE"]
        for line in offered[:-1]:
            await self._connection.send(f"250-{line}")
        await self._connection.send(f"250 {offered[-1]}")

    async def _noop(self, _rest: str) -> None:
        await self._connection.send("250 2.0.0 OK")

    async def _rset(self, _rest: str) -> None:
        self._recipients, self._sender = [], None
        await self._connection.send("250 2.0.0 OK")

    async def _starttls(self, _rest: str) -> None:
        if self._connection.secure:
            await self._connection.send("503 5.5.1 TLS already started")
            return
        await self._connection.send("220 2.0.0 Ready to start TLS")
        await self._connection.start_tls()

    async def _mail(self, rest: str) -> None:
        self._sender, self._recipients = _address(rest), []
        await self._connection.send("250 2.1.0 Sender OK")

    async def _rcpt(self, rest: str) -> None:
        if self._sender is None:
            await self._connection.send("503 5.5.1 Bad sequence of commands")
            return
        address = _address(rest)
        directory = self._connection.mailboxd.directory
        account = await self._connection.blocking(
            lambda: directory.find("account", "name", address)
        )
        await self._connection.send(self._judge(account))

    def _judge(self, account: Entry | None) -> str:
        if account is None:
            return "550 5.1.1 No such user here"
        status = first(account.attrs, "zimbraMailStatus", "enabled")
        state = first(account.attrs, "zimbraAccountStatus", "active")
        if state == "maintenance":
            return _LATER
        if state in {"closed", "pending"} or status == "disabled":
            return _NEVER
        self._recipients.append(account)
        return "250 2.1.5 Recipient OK"

    async def _take_message(self, _rest: str) -> None:
        if not self._recipients:
            await self._connection.send("503 5.5.1 No recipients")
            return
        await self._connection.send("354 End data with <CR><LF>.<CR><LF>")
        lines = []
        while (line := await self._connection.line()) not in {".", None}:
            lines.append((line or "").removeprefix("."))
        if line is None:
            self._open = False
            return
        content = "\r\n".join([*lines, ""]).encode()
        for account in self._recipients:
            await self._connection.blocking(partial(self._keep, account, content))
            await self._connection.send("250 2.1.5 Delivery OK")
        self._recipients, self._sender = [], None

    def _keep(self, account: Entry, content: bytes) -> None:
        mailboxd = self._connection.mailboxd
        place = mailboxd.places.mail / "0" / account.name / "msg"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{int(mailboxd.clock() * 1000)}-{secrets.token_hex(4)}.msg"
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            os.write(number, content)
        finally:
            os.close(number)
        text = f"Delivering message: size={len(content)} bytes, nrcpts=1"
        mailboxd.logs.mailbox(self._log, "lmtp", f"{text}, sender={self._sender}")

    async def _quit(self, _rest: str) -> None:
        host = self._connection.mailboxd.host
        await self._connection.send(f"221 2.0.0 {host} Zimbra LMTP server closing")
        self._open = False


def _address(rest: str) -> str:
    start, end = rest.find("<"), rest.find(">")
    if start < 0 or end < start:
        return rest.partition(":")[2].strip().lower()
    return rest[start + 1 : end].lower()
