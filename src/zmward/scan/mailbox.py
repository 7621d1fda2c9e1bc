"""What IMAP and POP3 say to a stranger, before anybody has logged in."""

import msgspec

from zmward.scan.line import Ask, Dial, Exchange


class MailboxShown(msgspec.Struct, frozen=True, tag="mailbox"):
    """One port of IMAP or POP3: its greeting and whether it takes clear passwords."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> MailboxShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return MailboxShown(dial.address, port, trouble="not asked in this version")
