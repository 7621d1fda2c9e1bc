"""Lines of audit.log, mailbox.log and sync.log as events."""

from functools import lru_cache

from zmward.logs.context import cut, usual
from zmward.logs.event import LONGEST_NAME, QUIET, Event, Read
from zmward.logs.lines import Place, Told, text

_ADMIN = b"/service/admin/soap"
_ADMIN_PORTS = (b":7071/", b":9071/")
_THREADS = ((b"Imap", "imap"), (b"Pop3", "pop3"), (b"Lmtp", "lmtp"))


@lru_cache(1024)
def _spoken(thread: bytes) -> tuple[str, bool]:
    """Return the protocol that a thread serves, and whether at the admin port."""
    for prefix, name in _THREADS:
        if thread.startswith(prefix):
            return name, False
    # The path may hold more: only where the port stands is it the admin's.
    _, found, host = thread.partition(b"://")
    admin = _ADMIN in host and any(port in host[:300] for port in _ADMIN_PORTS)
    return "soap" if found else "", admin


def _protocol(thread: bytes, told: Told) -> str:
    """Return the protocol as the client used it, not as mailboxd calls it."""
    spoken, admin = _spoken(thread[:400])
    protocol = told.protocol
    if not protocol:
        if spoken == "soap" and told.kind == "lockout":
            return ""
        protocol = spoken
    return "admin" if admin and protocol == "soap" else protocol


def _key(request: bytes | None, connection: bytes | None, account: str) -> str:
    """Return what names the attempt in every file that tells of it."""
    if request:
        return "s" + text(request[:LONGEST_NAME])
    return "c" + text(connection[:LONGEST_NAME]) if connection else f"a{account}"


def read(place: Place, line: bytes) -> Read:
    """Return what a candidate line of mailboxd tells."""
    parts = usual(line) or cut(line)
    if parts is None:
        return None
    minute, second, fraction, thread, name, ip, oip, oproto = parts[:8]
    request, connection, category, message = parts[8:]
    messages = place.messages.get(category)
    if messages is None:
        # Another class quotes these words.
        return QUIET
    told = messages.read(message)
    if told is None:
        return None
    if told.kind == "quiet":
        return QUIET
    when = place.clock.log4j(minute, second, fraction)
    if when is None:
        return None
    account = told.account
    if not account:
        account = text(name)[:LONGEST_NAME].lower() if name else told.typed
    peer, source, via = place.trusted.seen(ip or b"", oip or b"")
    between = via == "proxy-only" or (via == "direct" and oip)
    return Event(
        when,
        told.kind,
        place.log,
        source,
        account,
        "smtp" if oproto == b"smtp" else _protocol(thread, told),
        via,
        _key(request, connection, account),
        place.log,
        "",
        False,  # noqa: FBT003  # the order of the fields is faster
        peer if between else "",
    )
