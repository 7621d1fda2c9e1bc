"""Lines of audit.log, mailbox.log and sync.log as events."""

from functools import lru_cache

from zmward.logs.context import cut, usual
from zmward.logs.event import LONGEST_NAME, QUIET, TWICE, Event, Read, Via, dated
from zmward.logs.lines import Place, Told, name, text

_ADMIN = b"/service/admin/soap"
_ADMIN_PORTS = (b":7071/", b":9071/")
_THREADS = ((b"Imap", "imap"), (b"Pop3", "pop3"), (b"Lmtp", "lmtp"))


def _spoken(thread: bytes) -> tuple[str, bool]:
    """Return the protocol that a thread serves, and whether at the admin port."""
    for prefix, protocol in _THREADS:
        if thread.startswith(prefix):
            return protocol, False
    # The path may hold more: only where the port stands is it the admin's.
    _, found, host = thread.partition(b"://")
    admin = _ADMIN in host and any(port in host[:300] for port in _ADMIN_PORTS)
    return "soap" if found else "", admin


@lru_cache(4096)
def _protocol(thread: bytes, announced: bytes, named: str, kind: str) -> str:
    """Return the protocol as the client used it, not as mailboxd calls it.

    A web client can announce SMTP as well: saslauthd asks at a port of its own
    (zimbraMtaAuthPort), as if it were an administrator's program.
    """
    spoken, admin = _spoken(thread)
    if announced == b"smtp" and not admin and _ADMIN in thread:
        return "smtp"
    if not named and spoken == "soap" and kind == "lockout":
        return ""
    protocol = named or spoken
    return "admin" if admin and protocol == "soap" else protocol


def attempt(request: bytes, connection: bytes) -> str:
    """Return what names an attempt in every file that tells of it; there may be none.

    A request or connection is named by at most 320 bytes.
    """
    if request:
        return "s" + request[:LONGEST_NAME].decode("utf-8", "backslashreplace")
    return f"c{text(connection[:LONGEST_NAME])}" if connection else ""


def what(
    place: Place, told: Told, way: tuple[bytes, bytes], seen: tuple[Via, str]
) -> Event:
    """Return what a message tells, but for its time, client, account and attempt.

    `way` is the thread and the protocol that was announced, `seen` how the client is
    known and the machine between.
    """
    thread, announced = way
    protocol = _protocol(thread[:400], announced[:32], told.protocol, told.kind)
    return Event(
        when=0.0,
        kind=told.kind,
        log=place.log,
        protocol=protocol,
        via=seen[0],
        origin=place.log,
        peer=seen[1],
    )


def client(place: Place, ip: bytes, oip: bytes) -> tuple[str, tuple[Via, str]]:
    """Return the client, how it is known, and the machine between."""
    peer, source, via = place.trusted.seen(ip, oip)
    between = via == "proxy-only" or (via == "direct" and oip != b"")
    return source, (via, peer if between else "")


def read(place: Place, line: bytes) -> Read:
    """Return what a candidate line of mailboxd tells."""
    parts = usual(line)
    found = cut(line) if parts is None else parts.groups()
    if found is None:
        return None
    minute, second, fraction, thread, own, ip, oip, *more = found
    oproto, request, connection, category, message = more
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
    account = told.account or (name(own) if own else told.typed)
    twice = told.kind in TWICE
    key = attempt(request or b"", connection or b"") if twice else ""
    source, seen = client(place, ip or b"", oip or b"")
    shared = what(place, told, (thread, oproto or b""), seen)
    return dated(when, shared, source, account, key)
