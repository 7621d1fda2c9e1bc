"""What SMTP and LMTP say to a stranger, before anybody has logged in."""

import msgspec

from zmward.scan.line import Ask, Dial, Exchange


class SmtpShown(msgspec.Struct, frozen=True, tag="smtp"):
    """One port of the MTA, or of LMTP: its greeting and what it lets a stranger do."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> SmtpShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return SmtpShown(dial.address, port, trouble="not asked in this version")
