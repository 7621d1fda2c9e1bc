"""What a port speaks of TLS: protocols, ciphers, groups, and the chain it shows."""

import msgspec

from zmward.scan.line import Ask, Dial, Exchange


class TlsShown(msgspec.Struct, frozen=True, tag="tls"):
    """One port that speaks TLS, from the start or after STARTTLS."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> TlsShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return TlsShown(dial.address, port, trouble="not asked in this version")
