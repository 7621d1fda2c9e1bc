"""Open ports that nobody talked with: an observation that says so for each of them.

Without it a port that stalls, or whose service was not recognised, would be missing in
what is judged, and the others would speak for it.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from zmward.scan.http import HttpShown
from zmward.scan.ldap import LdapShown
from zmward.scan.mailbox import MailboxShown
from zmward.scan.memcached import MemcachedShown
from zmward.scan.named import Service
from zmward.scan.seen import PortSeen, Seen, Shown
from zmward.scan.smtp import SmtpShown
from zmward.scan.ssh import SshShown
from zmward.scan.tls_shown import TlsShown

# What a port of Zimbra's is expected to speak where it did not say.
_USUAL: Final[dict[Service, tuple[int, ...]]] = {
    "smtp": (25, 465, 587),
    "lmtp": (7025,),
    "imap": (143, 993, 7143, 7993),
    "pop3": (110, 995, 7110, 7995),
    "http": (80, 443, 3443, 7071, 8443, 9071),
    "ldap": (389, 636),
    "memcached": (11211,),
    "ssh": (22,),
}
_BY_NUMBER: Final = {port: name for name, ports in _USUAL.items() for port in ports}
_INSIDE_TLS: Final = frozenset(
    (443, 465, 636, 993, 995, 3443, 7071, 7993, 7995, 8443, 9071)
)
_STARTTLS: Final = frozenset(("smtp", "lmtp", "imap", "pop3", "ldap", "xmpp"))
_UNRECOGNISED: Final = "it is open, and what it speaks was not recognised"
_LATE: Final = "it is open, and was not talked with in time"


def _expected(port: PortSeen) -> Service:
    if port.service not in ("", "tls"):
        return port.service
    return _BY_NUMBER.get(port.port, "")


def mute(port: PortSeen, service: Service, *, tls: bool, why: str) -> Iterator[Shown]:
    """Yield the observations that a port should have brought, each without a word.

    They come in the order of the conversations that are held with such a port.
    """
    at = (port.address, port.port)
    match service:
        case "smtp" | "lmtp":
            yield SmtpShown(*at, tls=tls, lmtp=service == "lmtp", trouble=why)
        case "imap" | "pop3":
            yield MailboxShown(*at, tls=tls, protocol=service, trouble=why)
        case "http":
            yield HttpShown(*at, tls=tls, trouble=why)
        case "ldap":
            yield LdapShown(*at, tls=tls, trouble=why)
        case "memcached":
            yield MemcachedShown(*at, trouble=why)
        case "ssh":
            yield SshShown(*at, trouble=why)
    if tls or service in _STARTTLS:
        yield TlsShown(*at, starttls="" if tls else service, trouble=why)


def _kind(shown: Shown) -> tuple[type, str, int]:
    return type(shown), getattr(shown, "address", ""), getattr(shown, "port", 0)


def filled(seen: Seen) -> Seen:
    """Return the same with an observation for each port that was not talked with."""
    held = {_kind(shown) for shown in seen.shown}
    more: list[Shown] = []
    for port in seen.open():
        service = _expected(port)
        told = service == port.service
        tls = port.tls or (not told and port.port in _INSIDE_TLS)
        why = _LATE if told else _UNRECOGNISED
        silence = mute(port, service, tls=tls, why=why)
        more += (shown for shown in silence if _kind(shown) not in held)
    return replace(seen, shown=(*seen.shown, *more)) if more else seen
