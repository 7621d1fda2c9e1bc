"""What sshd offers before a login: algorithms, and the ways to log in."""

from typing import Final

import msgspec
from msgspec.structs import replace

from zmward.scan.greetings import greeted
from zmward.scan.line import Ask, Babble, Broken, Dial, Exchange, Line, TooMuch
from zmward.scan.smtp_talk import readable

_HELLO: Final = b"SSH-2.0-zmward-scan\r\n"
_LINES: Final = 20
# RFC 4253, 6.1: more than this nobody must take.
_PACKET: Final = 35_000
_KEXINIT: Final = 20
_COOKIE: Final = 16
_LISTS: Final = 8
_NAMES: Final = 128
_NAME: Final = 64
_LEAST: Final = 2 + _COOKIE


class SshShown(msgspec.Struct, frozen=True, tag="ssh"):
    """One port that speaks SSH.

    `methods` are the ways to log in that are offered to `user`, one or more, whose
    names alone were said; None where they were not asked or not told. `none` among
    them: nothing more than the name was needed.
    """

    address: str
    port: int
    banner: str = ""
    product: str = ""
    version: str = ""
    key_exchanges: tuple[str, ...] = ()
    host_keys: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    user: str = ""
    methods: tuple[str, ...] | None = None
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""


def _banner(line: Line) -> bytes:
    """Return the line of the version; others may come before it (RFC 4253, 4.2)."""
    for _ in range(_LINES):
        said = line.line()
        if said.startswith(b"SSH-"):
            return said
    raise Babble("it says much, and no version of SSH")


def _packet(line: Line) -> bytes:
    """Return the payload of the next packet, which nothing encrypts yet."""
    size = int.from_bytes(line.exactly(4), "big")
    if not _LEAST < size <= _PACKET:
        raise Babble("a packet of no length that SSH knows")
    content = line.exactly(size)
    return content[1 : size - content[0]]


def _list(content: bytes, at: int) -> tuple[tuple[str, ...], int]:
    size = int.from_bytes(content[at : at + 4], "big")
    end = at + 4 + size
    if at + 4 > len(content) or end > len(content):
        raise Babble("a list that ends after its packet")
    names = content[at + 4 : end].decode("ascii", "replace").split(",")
    if len(names) > _NAMES:
        raise TooMuch(f"it offers {len(names)} algorithms of a kind")
    return tuple(name[:_NAME] for name in names if name), end


def _lists(content: bytes) -> tuple[tuple[str, ...], ...]:
    """Return the first eight lists of a KEXINIT (RFC 4253, 7.1)."""
    if not content or content[0] != _KEXINIT:
        raise Babble("it does not begin with its algorithms")
    at, found = 1 + _COOKIE, []
    for _ in range(_LISTS):
        names, at = _list(content, at)
        found.append(names)
    return tuple(found)


def _both(one: tuple[str, ...], two: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *two)))


def look(dial: Dial, port: int, ask: Ask, *, tls: bool) -> SshShown:
    """Hear the banner and the algorithms of one port, and leave before the keys."""
    shown = SshShown(dial.address, port)
    try:
        with dial.connect(port, tls=ask.host if tls else None) as line:
            banner = _banner(line)
            named = greeted(banner)
            shown = replace(
                shown,
                banner=readable(banner, 255),
                product=named.product if named else "",
                version=named.version if named else "",
                exchanges=(Exchange(port, "", line.exchanges[0].received[:255]),),
            )
            line.send(_HELLO)
            exchanges, keys, *rest = _lists(_packet(line))
    except Broken as error:
        return replace(shown, trouble=str(error))
    told = f"key exchange {','.join(exchanges)}; host keys {','.join(keys)}"
    return replace(
        shown,
        key_exchanges=exchanges,
        host_keys=keys,
        ciphers=_both(rest[0], rest[1]),
        macs=_both(rest[2], rest[3]),
        exchanges=(
            *shown.exchanges,
            Exchange(port, "SSH-2.0-zmward-scan", repr(told[:600])[1:-1]),
        ),
    )
