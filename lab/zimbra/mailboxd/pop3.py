"""POP3 as far as scanners, proxies and logins go."""

from .directory import first
from .line_protocol import Connection
from .logs import LogContext
from .mail_login import Credentials, decode_plain, log_in


class Pop3:
    """One POP3 session."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        kind = "Pop3SSLServer" if connection.secure else "Pop3Server"
        self._log = LogContext(f"{kind}-{number}")
        self._log.set("ip", connection.peer)
        self._log.set("cid", str(number))
        self._name: str | None = None
        self._user: str | None = None
        self._open = True

    async def run(self) -> None:
        """Greet and obey until the client leaves."""
        await self._connection.send(f"+OK {self._banner()}")
        while self._open and (line := await self._connection.line()) is not None:
            command, _, rest = line.strip().partition(" ")
            action = {
                "CAPA": self._capa,
                "NOOP": self._noop,
                "XOIP": self._xoip,
                "STLS": self._stls,
                "USER": self._take_user,
                "PASS": self._pass,
                "AUTH": self._auth,
                "STAT": self._stat,
                "QUIT": self._quit,
            }.get(command.upper())
            if action is None:
                await self._connection.send("-ERR unknown command")
            else:
                await action(rest)

    def _banner(self) -> str:
        server = self._connection.mailboxd.started
        host = self._connection.mailboxd.host
        version = ""
        if first(server, "zimbraPop3ExposeVersionOnBanner") == "TRUE":
            version = f" {first(server, 'zimbraServerVersion')}"
        return f"{host} Zimbra{version} POP3 server ready"

    @property
    def _cleartext_refused(self) -> bool:
        if self._connection.secure:
            return False
        settings = self._connection.mailboxd.started
        return first(settings, "zimbraPop3CleartextLoginEnabled") != "TRUE"

    async def _capa(self, _rest: str) -> None:
        connection = self._connection
        settings = connection.mailboxd.started
        cleartext = first(settings, "zimbraPop3CleartextLoginEnabled") == "TRUE"
        offered = ["TOP", "UIDL", "EXPIRE NEVER", "XOIP"]
        if connection.secure or cleartext:
            offered += ["USER", "SASL PLAIN"]
        if not connection.secure:
            offered.append("STLS")
        await connection.send("+OK Capability list follows")
        for line in [*offered, "."]:
            await connection.send(line)

    async def _noop(self, _rest: str) -> None:
        await self._connection.send("+OK yeah, ok")

    async def _xoip(self, rest: str) -> None:
        # Anybody may claim to be a proxy: Zimbra believes it.
        self._log.set("oip", rest.strip())
        identity = self._log.pairs.pop("cid")
        self._log.set("cid", identity)
        await self._connection.send("+OK")

    async def _stls(self, _rest: str) -> None:
        if self._connection.secure:
            await self._connection.send("-ERR command not valid over TLS")
            return
        await self._connection.send("+OK Begin TLS negotiation")
        await self._connection.start_tls()

    async def _take_user(self, rest: str) -> None:
        if self._cleartext_refused:
            await self._connection.send("-ERR only valid after entering TLS mode")
            return
        if not rest.strip():
            await self._connection.send("-ERR please specify a user")
            return
        self._name = rest.strip()
        await self._connection.send(
            f"+OK hello {self._name}, please enter your password"
        )

    async def _pass(self, rest: str) -> None:
        if self._name is None:
            await self._connection.send("-ERR please specify username first")
            return
        await self._judge(Credentials(self._name, rest))
        self._name = None

    async def _auth(self, rest: str) -> None:
        mechanism, _, answer = rest.partition(" ")
        if mechanism.upper() != "PLAIN":
            await self._connection.send("-ERR mechanism not supported")
            return
        if self._cleartext_refused:
            await self._connection.send("-ERR only valid after entering TLS mode")
            return
        if not answer:
            await self._connection.send("+ ")
            answer = await self._connection.line() or ""
        given = decode_plain(answer)
        if given is None:
            await self._connection.send("-ERR malformed authentication message")
            return
        await self._judge(given)

    async def _judge(self, given: Credentials) -> None:
        connection = self._connection
        account = await connection.blocking(
            lambda: log_in(
                connection.mailboxd, given, "pop3", self._log, secure=connection.secure
            )
        )
        if account is None:
            await connection.send("-ERR invalid username/password")
            return
        self._user = account.name
        self._log.set("name", account.name)
        await connection.send("+OK server ready")

    async def _stat(self, _rest: str) -> None:
        if self._user is None:
            await self._connection.send("-ERR only valid after authentication")
            return
        await self._connection.send("+OK 0 0")

    async def _quit(self, _rest: str) -> None:
        host = self._connection.mailboxd.host
        await self._connection.send(f"+OK {host} Zimbra POP3 server closing connection")
        self._open = False
