"""What sshd offers before a login: algorithms, and the ways to log in."""

import msgspec

from zmward.scan.line import Ask, Dial, Exchange


class SshShown(msgspec.Struct, frozen=True, tag="ssh"):
    """One port that speaks SSH."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> SshShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return SshShown(dial.address, port, trouble="not asked in this version")
