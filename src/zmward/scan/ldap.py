"""What a directory tells a stranger: its root, and whether anything beyond it.

No password is sent: a server that demands TLS says so at the first question. Of what
can be read only the names of at most three entries are asked for.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from zmward.scan import directory
from zmward.scan.directory import START_TLS, SUBTREE, Result
from zmward.scan.line import Ask, Broken, Dial, Exchange, Line
from zmward.scan.smtp_talk import readable

Answer = Literal["yes", "no", "unknown"]
_MOST: Final = 3
_CONTEXTS: Final = 4
_DOMAINS: Final = 2
_WORDS: Final = {
    0: "success",
    1: "operationsError",
    4: "sizeLimitExceeded",
    8: "strongerAuthRequired",
    13: "confidentialityRequired",
    32: "noSuchObject",
    48: "inappropriateAuthentication",
    50: "insufficientAccessRights",
    53: "unwillingToPerform",
}
_CONFIDENTIAL: Final = 13
# More than any text of an answer that was read.
_LONGEST: Final = 400


class Reading(msgspec.Struct, frozen=True):
    """One search without a password: where, inside TLS or not, and what came.

    `code` is LDAP's result; None where no answer came, and `trouble` says how.
    """

    base: str
    tls: bool
    code: int | None = None
    names: tuple[str, ...] = ()
    trouble: str = ""


class LdapShown(msgspec.Struct, frozen=True, tag="ldap"):
    """One port that speaks LDAP, and what it shows without a password.

    `contexts` are the names that it holds, as its root says; empty where it does not.
    """

    address: str
    port: int
    tls: bool = False
    product: str = ""
    version: str = ""
    contexts: tuple[str, ...] = ()
    mechanisms: tuple[str, ...] = ()
    offers_tls: Answer = "unknown"
    starts_tls: Answer = "unknown"
    demands_tls: Answer = "unknown"
    readings: tuple[Reading, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def meaning(code: int) -> str:
    """Return a result code with its name."""
    return f"{code} ({_WORDS[code]})" if code in _WORDS else str(code)


def _clean(texts: Iterable[str]) -> tuple[str, ...]:
    """Return a server's texts without control characters."""
    return tuple(readable(text.encode(), _LONGEST) for text in texts)


def _likely(ask: Ask) -> Iterator[str]:
    """Yield what Zimbra's holds: rules may open one branch of a closed tree."""
    yield from ("", "cn=config", "cn=monitor", "cn=zimbra")
    for domain in (ask.domains or (ask.host,))[:_DOMAINS]:
        labels = re.findall(r"[a-z0-9-]+", domain.lower())[:8]
        suffix = ",".join(f"dc={label}" for label in labels)
        yield from (suffix, f"ou=people,{suffix}")


class _Talk:
    """What one look learns, question after question."""

    def __init__(self, dial: Dial, port: int, ask: Ask, *, tls: bool) -> None:
        self._dial = dial
        self._ask = ask
        self._count = 0
        self._tls = ask.host if tls else None
        # The names that it holds as it says them: they are asked for as they are.
        self._held: tuple[str, ...] = ()
        self.shown = LdapShown(dial.address, port, tls=tls)

    def _said(self, sent: str, received: str) -> None:
        exchange = Exchange(self.shown.port, sent, received)
        self.shown = replace(self.shown, exchanges=(*self.shown.exchanges, exchange))

    def _next(self) -> int:
        self._count += 1
        return self._count

    def root(self, line: Line) -> None:
        """Ask what the server is and holds."""
        number = self._next()
        line.send(directory.root(number))
        found = directory.answer(line, number)
        self._said("search base '' scope base", _told(found))
        if self._tls is None and self.shown.starts_tls == "unknown":
            self._demands(found)
        if not found.entries:
            return
        values = found.entries[0].attributes
        offered = START_TLS in values.get("supportedextension", ())
        classes = " ".join(values.get("objectclass", ()))
        self._held = values.get("namingcontexts", ())[:_CONTEXTS]
        self.shown = replace(
            self.shown,
            product="OpenLDAP"
            if "OpenLDAP" in classes
            else " ".join(_clean(values.get("vendorname", ())[:1])),
            version=" ".join(_clean(values.get("vendorversion", ())[:1])),
            contexts=_clean(self._held),
            mechanisms=_clean(values.get("supportedsaslmechanisms", ())),
            offers_tls="yes" if offered else "no",
        )

    def _demands(self, found: Result) -> None:
        """Note what an answer outside of TLS says: it is demanded of all or none."""
        if found.code in (_CONFIDENTIAL, 0):
            demands: Answer = "yes" if found.code else "no"
            self.shown = replace(self.shown, demands_tls=demands)

    def read(self, line: Line, base: str, *, tls: bool) -> None:
        """Search below one name, for the names of three entries."""
        number = self._next()
        question = directory.search(number, base, SUBTREE, ("1.1",), _MOST)
        (told,) = _clean((base,))
        reading = Reading(told, tls)
        try:
            line.send(question)
            found = directory.answer(line, number)
        except Broken as error:
            reading = replace(reading, trouble=str(error))
            self.shown = replace(self.shown, readings=(*self.shown.readings, reading))
            raise
        # The root itself is for everybody.
        names = _clean(entry.name for entry in found.entries if entry.name)[:_MOST]
        reading = replace(reading, code=found.code, names=names)
        self.shown = replace(self.shown, readings=(*self.shown.readings, reading))
        if not names and base not in self._held:
            return  # it proves nothing
        where = " inside TLS" if tls else ""
        self._said(
            f"search base {base!r} scope sub, names only, at most {_MOST}{where}",
            _told(found),
        )

    def everything(self, line: Line, *, tls: bool) -> None:
        """Search below each name that the server holds, or may hold."""
        for base in dict.fromkeys((*self._held, *_likely(self._ask))):
            self.read(line, base, tls=tls)

    def first(self) -> None:
        """Learn what is told in the clear, or inside the port's own TLS."""
        with self._dial.connect(self.shown.port, tls=self._tls) as line:
            self.root(line)
            self.everything(line, tls=self.shown.tls)

    def second(self) -> None:
        """Learn whether TLS can be started, and what is told inside it."""
        with self._dial.connect(self.shown.port) as line:
            number = self._next()
            line.send(directory.start_tls(number))
            found = directory.answer(line, number)
            self._said("StartTLS", _told(found))
            if found.code:
                self.shown = replace(self.shown, starts_tls="no")
                return
            line.secure(self._ask.host)
            self.shown = replace(self.shown, starts_tls="yes")
            if not self.shown.contexts:
                self.root(line)
            self.everything(line, tls=True)


def _told(found: Result) -> str:
    names = ", ".join(repr(entry.name) for entry in found.entries[:_MOST])
    count = f"{len(found.entries)} entries ({names}), " if found.entries else ""
    words = f": {found.words!r}" if found.words else ""
    return f"{count}result {meaning(found.code)}{words}"[:400]


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> LdapShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    talk = _Talk(dial, port, ask, tls=tls)
    troubles = []
    for part in (talk.first,) if tls else (talk.first, talk.second):
        try:
            part()
        except Broken as error:
            troubles.append(str(error))
    return replace(talk.shown, trouble="; ".join(dict.fromkeys(troubles)))
