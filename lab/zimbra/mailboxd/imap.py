"""IMAP4rev1 as far as scanners, proxies and logins go."""

import re
from pathlib import Path

from .directory import first
from .line_protocol import Connection
from .logs import LogContext
from .mail_login import Credentials, decode_plain, log_in
from .messages import messages, numbers

_LITERAL = re.compile(r"\{(\d{1,5})(\+?)\}$")
_WHOLE = {"RFC822", "BODY[]", "BODY.PEEK[]"}
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|(\()|(\))|([^\s()"]+)')
_CAPABILITIES = (
    "IMAP4rev1 ACL BINARY CATENATE CHILDREN CONDSTORE ENABLE ESEARCH ESORT I18NLEVEL=1"
    " ID IDLE LIST-EXTENDED LIST-STATUS LITERAL+ MULTIAPPEND NAMESPACE QRESYNC QUOTA"
    " RIGHTS=ektx SASL-IR SEARCHRES SORT THREAD=ORDEREDSUBJECT UIDPLUS UNSELECT"
    " WITHIN XLIST"
)


class Imap:
    """One IMAP session."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection = connection
        kind = "ImapSSLServer" if connection.secure else "ImapServer"
        self._log = LogContext(f"{kind}-{number}")
        self._log.set("ip", connection.peer)
        self._log.set("cid", str(number))
        self._user: str | None = None
        self._selected: list[Path] | None = None
        self._open = True

    async def run(self) -> None:
        """Greet and obey until the client leaves."""
        await self._connection.send(f"* OK {self._banner()}")
        while self._open:
            words = await self._command()
            if words is None:
                break
            if len(words) < 2:  # noqa: PLR2004 - a tag and a command
                await self._connection.send(f"{(words or ['*'])[0]} BAD parse error")
                continue
            await self._obey(words[0], words[1].upper(), words[2:])

    def _banner(self) -> str:
        server = self._connection.mailboxd.started
        host = self._connection.mailboxd.host
        version = ""
        if first(server, "zimbraImapExposeVersionOnBanner") == "TRUE":
            version = f" {first(server, 'zimbraServerVersion')}"
        return f"{host} Zimbra{version} IMAP4rev1 server ready"

    async def _command(self) -> list[str] | None:
        line = await self._connection.line()
        if line is None:
            return None
        words: list[str] = []
        while (literal := _LITERAL.search(line)) is not None:
            words += _words(line[: literal.start()])
            if not literal[2]:
                await self._connection.send("+ send literal data")
            words.append(await self._connection.octets(int(literal[1])))
            rest = await self._connection.line()
            if rest is None:
                return None
            line = rest
        return words + _words(line)

    async def _obey(self, tag: str, command: str, words: list[str]) -> None:
        action = {
            "CAPABILITY": self._capability,
            "NOOP": self._noop,
            "ID": self._id,
            "STARTTLS": self._starttls,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
            "SELECT": self._select,
            "EXAMINE": self._select,
            "FETCH": self._fetch,
            "LIST": self._list,
            "LOGOUT": self._logout,
        }.get(command)
        if action is None:
            await self._connection.send(f"{tag} BAD parse error: unknown command")
            return
        await action(tag, words)

    @property
    def _cleartext_refused(self) -> bool:
        if self._connection.secure:
            return False
        settings = self._connection.mailboxd.started
        return first(settings, "zimbraImapCleartextLoginEnabled") != "TRUE"

    def _capabilities(self) -> str:
        offered = _CAPABILITIES
        if not self._connection.secure:
            offered += " STARTTLS"
        if self._cleartext_refused:
            return offered + " LOGINDISABLED"
        return offered + " AUTH=PLAIN"

    async def _capability(self, tag: str, _words: list[str]) -> None:
        await self._connection.send(f"* CAPABILITY {self._capabilities()}")
        await self._connection.send(f"{tag} OK CAPABILITY completed")

    async def _noop(self, tag: str, _words: list[str]) -> None:
        await self._connection.send(f"{tag} OK NOOP completed")

    async def _id(self, tag: str, words: list[str]) -> None:
        plain = [word for word in words if word not in {"(", ")"}]
        fields = {
            name.upper(): value
            for name, value in zip(plain[::2], plain[1::2], strict=False)
        }
        # Anybody may claim to be a proxy: Zimbra believes it.
        self._log.set("oip", fields.get("X-ORIGINATING-IP"))
        self._log.set("via", fields.get("X-VIA"))
        agent = fields.get("NAME")
        version = fields.get("VERSION")
        self._log.set("ua", f"{agent}/{version}" if agent and version else agent)
        identity = self._log.pairs.pop("cid")
        self._log.set("cid", identity)
        shown = '("NAME" "Zimbra")'
        server = self._connection.mailboxd.started
        if first(server, "zimbraImapExposeVersionOnBanner") == "TRUE":
            version = first(server, "zimbraServerVersion")
            shown = f'("NAME" "Zimbra" "VERSION" "{version}")'
        await self._connection.send(f"* ID {shown}")
        await self._connection.send(f"{tag} OK ID completed")

    async def _starttls(self, tag: str, _words: list[str]) -> None:
        if self._connection.secure:
            await self._connection.send(f"{tag} NO TLS already started")
            return
        await self._connection.send(f"{tag} OK begin TLS negotiation now")
        await self._connection.start_tls()

    async def _login(self, tag: str, words: list[str]) -> None:
        if len(words) != 2:  # noqa: PLR2004 - a name and a password
            await self._connection.send(f"{tag} BAD parse error: wrong arguments")
            return
        await self._judge(tag, Credentials(words[0], words[1]), "LOGIN")

    async def _authenticate(self, tag: str, words: list[str]) -> None:
        if not words or words[0].upper() != "PLAIN":
            await self._connection.send(f"{tag} NO mechanism not supported")
            return
        if self._cleartext_refused:
            await self._refuse_cleartext(tag)
            return
        if len(words) > 1:
            answer: str | None = words[1]
        else:
            await self._connection.send("+ ")
            answer = await self._connection.line()
        given = decode_plain(answer or "")
        if given is None:
            await self._connection.send(f"{tag} BAD malformed authentication message")
            return
        await self._judge(tag, given, "AUTHENTICATE")

    async def _refuse_cleartext(self, tag: str) -> None:
        await self._connection.send(f"{tag} NO cleartext logins disabled")

    async def _judge(self, tag: str, given: Credentials, command: str) -> None:
        if self._user is not None:
            await self._connection.send(f"{tag} NO must be in NOT AUTHENTICATED state")
            return
        if self._cleartext_refused:
            await self._refuse_cleartext(tag)
            return
        connection = self._connection
        account = await connection.blocking(
            lambda: log_in(
                connection.mailboxd, given, "imap", self._log, secure=connection.secure
            )
        )
        if account is None:
            await connection.send(f"{tag} NO {command} failed")
            return
        self._user = account.name
        self._log.set("name", account.name)
        await connection.send(
            f"{tag} OK [CAPABILITY {self._capabilities()}] {command} completed"
        )

    async def _select(self, tag: str, words: list[str]) -> None:
        if self._user is None:
            await self._connection.send(f"{tag} NO must be in AUTHENTICATED state")
            return
        if not words or words[0].upper() != "INBOX":
            await self._connection.send(f"{tag} NO SELECT failed: no such folder")
            return
        mailboxd, name = self._connection.mailboxd, self._user
        self._selected = messages(mailboxd.places.mail, name)
        count = len(self._selected)
        # The state of a folder is shared with other servers, as the real one does it.
        await mailboxd.cache.put(f"zmImap:{name}:2", str(count))
        for line in (
            f"{count} EXISTS",
            "0 RECENT",
            "OK [UIDVALIDITY 1] UIDs are valid for this mailbox",
            f"OK [UIDNEXT {257 + count}] next expected UID is {257 + count}",
            "FLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen $Forwarded)",
        ):
            await self._connection.send(f"* {line}")
        await self._connection.send(f"{tag} OK [READ-WRITE] SELECT completed")

    async def _fetch(self, tag: str, words: list[str]) -> None:
        """Send whole messages; nothing else of FETCH is here."""
        if self._selected is None or not words:
            await self._connection.send(f"{tag} BAD FETCH is for a selected folder")
            return
        shown = next((one for one in words if one.upper() in _WHOLE), None)
        if shown is None:
            await self._connection.send(f"{tag} NO FETCH of parts is not here")
            return
        shown = shown.upper().replace(".PEEK", "")
        for number in numbers(words[0], len(self._selected)):
            content = self._selected[number - 1].read_bytes().decode()
            size = len(content.encode())
            await self._connection.send(f"* {number} FETCH ({shown} {{{size}}}")
            await self._connection.send(content.removesuffix("\r\n"))
            await self._connection.send(")")
        await self._connection.send(f"{tag} OK FETCH completed")

    async def _list(self, tag: str, _words: list[str]) -> None:
        if self._user is None:
            await self._connection.send(f"{tag} NO must be in AUTHENTICATED state")
            return
        await self._connection.send('* LIST (\\NoInferiors) "/" "INBOX"')
        await self._connection.send(f"{tag} OK LIST completed")

    async def _logout(self, tag: str, _words: list[str]) -> None:
        host = self._connection.mailboxd.host
        await self._connection.send(f"* BYE {host} Zimbra IMAP4rev1 server closing")
        await self._connection.send(f"{tag} OK LOGOUT completed")
        self._open = False


def _words(line: str) -> list[str]:
    found = []
    for match in _TOKEN.finditer(line):
        quoted, opened, closed, atom = match.groups()
        if quoted is not None:
            found.append(re.sub(r"\\(.)", r"\1", quoted))
        else:
            found.append(opened or closed or atom)
    return found
