"""The words by which a port goes over to TLS, in each protocol that has them."""

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Final

from zmward.scan.line import Babble, Broken, Line, TooMuch
from zmward.scan.smtp_talk import readable

_LINES: Final = 60
_MOST: Final = 65_536
_LONGEST: Final = 8192
_NAME: Final = b"zmward-scan.invalid"
# ExtendedRequest of RFC 4511, 4.14.1: message 1, the object identifier of StartTLS.
_LDAP: Final = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"


class Unwilling(Broken):
    """The server said no in its own protocol; its text is the server's words."""


def _reply(line: Line) -> list[bytes]:
    """Return the lines of one reply of SMTP."""
    found: list[bytes] = []
    for _ in range(_LINES):
        text = line.line()
        if not re.match(rb"\d{3}(?:[ -]|$)", text):
            raise Babble("it does not speak SMTP")
        found.append(text)
        if text[3:4] != b"-":
            return found
    raise TooMuch("its SMTP reply does not end")


def _wants(lines: list[bytes], code: bytes) -> list[bytes]:
    if not lines[-1].startswith(code):
        raise Unwilling(readable(lines[-1]))
    return lines


def _mail(line: Line, hello: bytes) -> None:
    _wants(_reply(line), b"220")
    line.send(hello + b" " + _NAME + b"\r\n")
    offered = _wants(_reply(line), b"250")
    if not any(text[4:].strip().upper() == b"STARTTLS" for text in offered):
        raise Unwilling("it does not offer STARTTLS")
    line.send(b"STARTTLS\r\n")
    _wants(_reply(line), b"220")


def _smtp(line: Line, _host: str) -> None:
    _mail(line, b"EHLO")


def _lmtp(line: Line, _host: str) -> None:
    _mail(line, b"LHLO")


def _imap(line: Line, _host: str) -> None:
    greeting = line.line()
    if not greeting.startswith(b"* "):
        raise Babble("it does not speak IMAP")
    if not greeting.upper().startswith((b"* OK", b"* PREAUTH")):
        raise Unwilling(readable(greeting))
    line.send(b"z1 STARTTLS\r\n")
    for _ in range(_LINES):
        text = line.line()
        if text.startswith(b"z1 "):
            if text[3:5].upper() != b"OK":
                raise Unwilling(readable(text))
            return
    raise TooMuch("its IMAP reply does not end")


def _pop3(line: Line, _host: str) -> None:
    for command in (b"", b"STLS\r\n"):
        if command:
            line.send(command)
        text = line.line()
        if text.startswith(b"-ERR"):
            raise Unwilling(readable(text))
        if not text.startswith(b"+OK"):
            raise Babble("it does not speak POP3")


def _element(line: Line) -> tuple[int, bytes]:
    """Return tag and content of the next BER element."""
    tag, length = line.exactly(2)
    if length & 0x80:
        width = length & 0x7F
        if not 0 < width <= 3:  # noqa: PLR2004  # no honest answer is longer
            raise Babble("it does not speak LDAP")
        length = int.from_bytes(line.exactly(width), "big")
    if length > _MOST:
        raise TooMuch(f"it announced {length} bytes")
    return tag, line.exactly(length)


def _ldap(line: Line, _host: str) -> None:
    line.send(_LDAP)
    tag, content = _element(line)
    # Number of the message, ExtendedResponse, resultCode.
    found = re.match(
        rb"\x02\x01\x01\x78(?:[\x00-\x7f]|\x81.|\x82..|\x84....)\x0a\x01(.)",
        content,
        re.DOTALL,
    )
    if tag != 0x30 or not found:  # noqa: PLR2004  # a sequence
        raise Babble("it does not speak LDAP")
    if found[1] != b"\0":
        raise Unwilling(f"LDAP result {found[1][0]}")


def _until(line: Line, wanted: bytes) -> bytes:
    found = b""
    while not re.search(wanted, found):
        found += line.some(_LONGEST)
        if len(found) > _LONGEST:
            raise TooMuch("its XMPP does not come to the point")
    return found


def _xmpp(line: Line, host: str) -> None:
    stream = (
        "<?xml version='1.0'?><stream:stream xmlns='jabber:client' version='1.0' "
        f"xmlns:stream='http://etherx.jabber.org/streams' to='{escape(host)}'>"
    )
    line.send(stream.encode())
    features = _until(line, rb"</stream:|<stream:features ?/>")
    if b"urn:ietf:params:xml:ns:xmpp-tls" not in features:
        raise Unwilling("it does not offer STARTTLS")
    line.send(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    if b"<proceed" not in _until(line, rb"<(proceed|failure)[^>]*>|</stream:stream>"):
        raise Unwilling("it does not go over to TLS")


_WAYS: Final[Mapping[str, Callable[[Line, str], None]]] = {
    "smtp": _smtp,
    "lmtp": _lmtp,
    "imap": _imap,
    "pop3": _pop3,
    "ldap": _ldap,
    "xmpp": _xmpp,
}


def begin(line: Line, protocol: str, host: str) -> None:
    """Bring a line to where TLS begins; raise Unwilling where the server will not."""
    _WAYS[protocol](line, host)
