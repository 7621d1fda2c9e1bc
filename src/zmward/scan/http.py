"""What a web server answers to harmless requests: headers, cookies, pages."""

import msgspec

from zmward.scan import http_named
from zmward.scan.line import Ask, Dial, Exchange
from zmward.scan.named import Named


class HttpShown(msgspec.Struct, frozen=True, tag="http"):
    """One port that speaks HTTP, and what its pages showed."""

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def named(response: bytes, *, tls: bool = False) -> Named | None:
    """Name the service by an answer, head and body; None where it is no HTTP."""
    return http_named.name(response, tls=tls)


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> HttpShown:
    """Talk with one port; `tls` says that it speaks TLS from the start."""
    del ask, tls
    return HttpShown(dial.address, port, trouble="not asked in this version")
