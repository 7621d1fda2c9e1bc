"""Services that are silent until they are asked: one harmless question for each.

No question changes, delivers or reads anything: of memcached, clamd and zmconfigd only
the version or the state is asked; a milter and a policy service get no mail to judge.
"""

import re
import struct
from collections.abc import Callable
from typing import Final

from zmward.scan import directory
from zmward.scan.http import named as named_page
from zmward.scan.line import AGENT, Ask, Babble, Broken, Line
from zmward.scan.named import Named
from zmward.scan.smtp_talk import readable

Try = Callable[[Line, Ask], Named | None]

_HEAD: Final = 16_384
_LENGTH: Final = re.compile(rb"(?im)^content-length:[ \t]*([0-9]{1,9})[ \t]*\r?$")
_CLAM: Final = re.compile(rb"ClamAV ([0-9][^/\0\r\n]{0,40})")
_MEMCACHED: Final = re.compile(rb"VERSION ([0-9][^\r\n]{0,40})\r?\n")
_ANSWER: Final = 0x80
_QUERY: Final = struct.pack("!6H", 0x7A77, 0, 1, 0, 0, 0)
_CHAOS_TEXT: Final = b"\x07version\x04bind\x00\x00\x10\x00\x03"
_NAME_POINTER: Final = 12
# Milter protocol 2, no actions, all steps left out: a filter answers and waits.
_MILTER: Final = b"O" + struct.pack("!3I", 2, 0, 0x7F)
_MILTER_END: Final = b"Q"


def _until(line: Line, *ends: bytes, most: int = _HEAD) -> bytes:
    """Return what comes until one of some ends, or until the server stops."""
    found = b""
    while len(found) < most and not any(end in found for end in ends):
        try:
            found += line.some(most - len(found))
        except Broken:
            if not found:
                raise
            break
    return found


def _page(line: Line) -> bytes:
    """Return an answer of HTTP, head and body, as far as it comes and is needed."""
    ends = (b"\r\n\r\n", b"\n\n", b"ERROR", b"COMMAND", b"</stream")
    found = _until(line, *ends)
    length = _LENGTH.search(found)
    if not found.startswith(b"HTTP/") or length is None:
        return found
    whole = found.find(b"\r\n\r\n") + 4 + int(length[1])
    while len(found) < min(whole, _HEAD):
        try:
            found += line.some(_HEAD)
        except Broken:
            break
    return found


def http(line: Line, ask: Ask) -> Named | None:
    """Ask for the first page; what answers otherwise may still tell what it is."""
    host = _plain(ask.host)
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\n"
    line.send(f"{request}Accept: */*\r\nConnection: close\r\n\r\n".encode())
    found = _page(line)
    return named_page(found) or told_by_refusal(found)


def told_by_refusal(content: bytes) -> Named | None:
    """Return who refuses a request of HTTP in these words."""
    if content.startswith(b"ERROR UNKNOWN COMMAND"):
        return Named("zmconfigd", "zmconfigd")
    if content.startswith(b"UNKNOWN COMMAND"):
        return Named("clamd", "ClamAV")
    if content.startswith(b"ERROR\r\n"):
        return Named("memcached", "memcached")
    if b"<stream:" in content[:_HEAD]:
        return Named("xmpp")
    return None


def memcached(line: Line, _ask: Ask) -> Named | None:
    """Ask for the version."""
    line.send(b"version\r\n")
    found = _MEMCACHED.fullmatch(_until(line, b"\n", most=512))
    return Named("memcached", "memcached", readable(found[1])) if found else None


def clamd(line: Line, _ask: Ask) -> Named | None:
    """Ask for the version, in the form that closes the connection afterwards."""
    line.send(b"zVERSION\0")
    found = _CLAM.match(_until(line, b"\0", b"\n", most=512))
    return Named("clamd", "ClamAV", readable(found[1])) if found else None


def zmconfigd(line: Line, _ask: Ask) -> Named | None:
    """Ask for the state."""
    line.send(b"STATUS\n")
    found = _until(line, b"\n", b"ACTIVE", most=512)
    if found.startswith((b"SUCCESS ACTIVE", b"ERROR UNKNOWN COMMAND")):
        return Named("zmconfigd", "zmconfigd")
    return None


def ldap(line: Line, _ask: Ask) -> Named | None:
    """Ask for the root of the directory."""
    line.send(directory.root())
    found = directory.answer(line, 1)
    values = found.entries[0].attributes if found.entries else {}
    classes = " ".join(values.get("objectclass", ()))
    product = readable(" ".join(values.get("vendorname", ())[:1]).encode())
    version = readable(" ".join(values.get("vendorversion", ())[:1]).encode())
    return Named("ldap", "OpenLDAP" if "OpenLDAP" in classes else product, version)


def dns(line: Line, _ask: Ask) -> Named | None:
    """Ask a name server for its version."""
    question = _QUERY + _CHAOS_TEXT
    line.send(len(question).to_bytes(2, "big") + question)
    size = int.from_bytes(line.exactly(2), "big")
    found = line.exactly(min(size, 4096))
    if size < _NAME_POINTER or found[:2] != _QUERY[:2] or not found[2] & _ANSWER:
        return None
    # The text of the answer is the record's last part: a length, then the words.
    text = found[len(question) + _NAME_POINTER + 1 :] if found[7] else b""
    product, _, version = readable(text).partition(" ")
    return Named("dns", product[:80], version[:80])


def xmpp(line: Line, ask: Ask) -> Named | None:
    """Open a stream of messages to the host, and leave."""
    line.send(
        f"<?xml version='1.0'?><stream:stream to='{_plain(ask.host)}' "
        "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
        "version='1.0'>".encode()
    )
    found = _until(line, b"<stream:stream", b"<stream:error", most=4096)
    return Named("xmpp") if b"<stream:" in found else None


def _plain(host: str) -> str:
    return re.sub(r"[^A-Za-z0-9.:-]", "", host)


def milter(line: Line, _ask: Ask) -> Named | None:
    """Begin a mail filter's own negotiation, and end it."""
    line.send(len(_MILTER).to_bytes(4, "big") + _MILTER)
    size = int.from_bytes(line.exactly(4), "big")
    if size > len(_MILTER) + 256 or line.exactly(1) != b"O":
        raise Babble("this is no mail filter")
    line.send(len(_MILTER_END).to_bytes(4, "big") + _MILTER_END)
    return Named("milter")


def policyd(line: Line, _ask: Ask) -> Named | None:
    """Ask a policy service about nothing: no sender, no client, no recipient."""
    line.send(b"request=zmward-scan\n\n")
    found = _until(line, b"\n", most=512)
    return Named("policyd") if found.startswith(b"action=") else None
