"""What IMAP and POP3 say to a stranger, before anybody has logged in."""

import re

import msgspec

from zmward.scan.line import Ask, Dial, Exchange
from zmward.scan.named import Named
from zmward.scan.versions import version_in

_IMAP = re.compile(r"\* (?:OK|BYE|PREAUTH)\b", re.IGNORECASE)
_POP3 = re.compile(r"(?:\+OK|-ERR)(?: |$)")
# Zimbra's mail proxy is nginx: its own greeting, or one with Zimbra's version.
_PROXY = re.compile(r"(?:OK|\+OK) (?:Zimbra \S{1,80} )?(?:IMAP4|POP3) ready")
_OTHERS = {"dovecot": "Dovecot", "cyrus": "Cyrus", "courier": "Courier"}
_LONGEST = 2000


class MailboxShown(msgspec.Struct, frozen=True, tag="mailbox"):
    """One port of IMAP or POP3: its greeting and whether it takes clear passwords."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def _product(line: str) -> str:
    if _PROXY.search(line):
        return "nginx"
    if re.search(r"\bZimbra\b", line):
        return "Zimbra"
    low = line.lower()
    return next((name for word, name in _OTHERS.items() if word in low), "")


def named(greeting: bytes) -> Named | None:
    """Name what greets like an IMAP or POP3 server; None where it does not."""
    text = greeting[:_LONGEST].decode("utf-8", "replace")
    first = (text.splitlines() or [""])[0]
    if _IMAP.match(first):
        return Named("imap", _product(first), version_in(first))
    if _POP3.match(first):
        return Named("pop3", _product(first), version_in(first))
    return None


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> MailboxShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return MailboxShown(dial.address, port, trouble="not asked in this version")
