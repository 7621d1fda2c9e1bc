"""What memcached answers over TCP, and how much one small datagram brings back."""

import msgspec

from zmward.scan.line import Ask, Dial, Exchange


class MemcachedShown(msgspec.Struct, frozen=True, tag="memcached"):
    """memcached at one port of one protocol."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> MemcachedShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return MemcachedShown(dial.address, port, trouble="not asked in this version")
