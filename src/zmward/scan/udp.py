"""What is sent to UDP ports so that a service answers, and what an answer shows.

Each question is the smallest of its protocol, needs no password and changes nothing;
none brings back much more than it sends.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from zmward.scan.line import AGENT
from zmward.scan.named import Service

_ID: Final = b"\x7a\x6d"
_HEADER: Final = 8
_DNS_HEADER: Final = 12
# A frame of memcached's protocol: identifier, number, count, reserved.
_MEMCACHED: Final = _ID + b"\0\0\0\1\0\0" + b"version\r\n"
# Type A of zmward-scan.invalid, without recursion.
_DNS: Final = (
    _ID + b"\0\0\0\1\0\0\0\0\0\0" + b"\x0bzmward-scan\x07invalid\0" + b"\0\1\0\1"
)
_NTP: Final = b"\x23" + bytes(47)
# SNMPv3 discovery (RFC 3414, 4): it asks for the engine without any user or community.
_SNMP: Final = bytes.fromhex(
    "303a020103"  # version 3
    "300f02027a6d020300ffe3040104020103"  # reportable, user-based security
    "0410300e0400020100020100040004000400"  # no engine, no user
    "301204000400a00c02027a6d0201000201003000"  # GET of nothing
)
# Priority 46: syslog itself, informational; an administrator finds it in the log.
_SYSLOG: Final = f"<46>{AGENT}: a question whether this port is open".encode()
_ANYTHING: Final = f"{AGENT}\n".encode()


def _memcached(answer: bytes) -> bool:
    return answer[:2] == _ID and answer[_HEADER:].startswith(b"VERSION ")


def _dns(answer: bytes) -> bool:
    return answer[:2] == _ID and len(answer) >= _DNS_HEADER and bool(answer[2] & 0x80)


class _Question(NamedTuple):
    content: bytes
    service: Service = ""
    shows: Callable[[bytes], bool] = bool


_QUESTIONS: Final = {
    53: _Question(_DNS, "dns", _dns),
    123: _Question(_NTP),
    161: _Question(_SNMP),
    162: _Question(_SNMP),
    514: _Question(_SYSLOG),
    11211: _Question(_MEMCACHED, "memcached", _memcached),
}
# Those that matter on a mail server; 7035 and 7036 are Zimbra's old notification.
PORTS: Final = (11211, 53, 161, 514, 123, 7035, 7036, 162)


def question(port: int) -> bytes:
    """Return what is sent to a port."""
    return _QUESTIONS[port].content if port in _QUESTIONS else _ANYTHING


def service(port: int, answer: bytes) -> Service:
    """Return the service that an answer shows; empty where it shows none."""
    asked = _QUESTIONS.get(port)
    return asked.service if asked and asked.shows(answer) else ""
