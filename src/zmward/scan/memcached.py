"""What memcached answers over TCP, and how much one small datagram brings back.

Only the version is asked for: an attacker asks for much more, but one answer to
seventeen bytes shows that he gets one.
"""

import re
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from zmward.scan.line import Ask, Broken, Dial, Ended, Exchange

_VERSION: Final = re.compile(rb"VERSION ([!-~]{1,60})\r\n")
_QUESTION: Final = b"version\r\n"
# The frame of a datagram: our number, part 0 of 1, nothing more.
_FRAME: Final = b"\x7a\x77\x00\x00\x00\x01\x00\x00"
_NUMBER: Final = _FRAME[:2]
_MOST: Final = 4096
_TRIES: Final = 2
Udp = Literal["answers", "other", "refuses", "silent", "unknown"]


class MemcachedShown(msgspec.Struct, frozen=True, tag="memcached"):
    """memcached at one port: its version over TCP, and what it does over UDP.

    `other` is an answer that is not memcached's. `sent` and `received` are the bytes
    of one question and all its answers, without the headers of IP and UDP.
    """

    address: str
    port: int
    version: str = ""
    udp: Udp = "unknown"
    sent: int = 0
    received: int = 0
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""

    @property
    def factor(self) -> float:
        """Return how many bytes come back for one that is sent."""
        return self.received / self.sent if self.sent else 0.0


def _datagrams(dial: Dial, shown: MemcachedShown) -> MemcachedShown:
    """Send one small question, twice where nothing comes back: datagrams get lost."""
    question = _FRAME + _QUESTION
    for _ in range(_TRIES):
        try:
            found = dial.datagram(shown.port, question, most=_MOST, seconds=0.7)
        except Ended:
            return replace(shown, udp="refuses")
        if found:
            break
    else:
        return replace(shown, udp="silent")
    ours = found[0][:2] == _NUMBER and found[0][8:].startswith((b"VERSION", b"ERROR"))
    received = sum(map(len, found))
    told = found[0][8:].decode("ascii", "replace").strip()[:80] if ours else "no words"
    exchange = Exchange(
        shown.port,
        f"a datagram of {len(question)} bytes: version",
        f"{len(found)} datagrams, {received} bytes: {told!r}",
    )
    return replace(
        shown,
        udp="answers" if ours else "other",
        sent=len(question),
        received=received,
        exchanges=(*shown.exchanges, exchange),
    )


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> MemcachedShown:
    """Ask one port over both protocols; `tls` says that TCP there begins with TLS."""
    shown = MemcachedShown(dial.address, port)
    try:
        with dial.connect(port, tls=ask.host if tls else None, seconds=3) as line:
            line.send(_QUESTION)
            match = _VERSION.fullmatch(line.line() + b"\r\n")
            shown = replace(
                shown,
                version=match[1].decode() if match else "",
                exchanges=line.exchanges[:1],
            )
    except Broken as error:
        shown = replace(shown, trouble=str(error))
    try:
        return _datagrams(dial, shown)
    except Broken as error:
        trouble = "; ".join(filter(None, (shown.trouble, f"UDP: {error}")))
        return replace(shown, trouble=trouble)
