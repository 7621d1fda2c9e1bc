"""Lines of audit.log, mailbox.log and sync.log as events."""

from functools import lru_cache

from zmward.logs.context import cut, usual
from zmward.logs.event import LONGEST_NAME, QUIET, Event, Read
from zmward.logs.lines import Place, text

_ADMIN = b"/service/admin/soap"
_ADMIN_PORTS = (b":7071/", b":9071/")
_THREADS = ((b"Imap", "imap"), (b"Pop3", "pop3"), (b"Lmtp", "lmtp"))


def _spoken(thread: bytes) -> tuple[str, bool]:
    """Return the protocol that a thread serves, and whether at the admin port."""
    for prefix, name in _THREADS:
        if thread.startswith(prefix):
            return name, False
    # The path may hold more: only where the port stands is it the admin's.
    _, found, host = thread.partition(b"://")
    admin = _ADMIN in host and any(port in host[:300] for port in _ADMIN_PORTS)
    return "soap" if found else "", admin


@lru_cache(4096)
def _protocol(thread: bytes, named: str, kind: str) -> str:
    """Return the protocol as the client used it, not as mailboxd calls it."""
    spoken, admin = _spoken(thread)
    if not named and spoken == "soap" and kind == "lockout":
        return ""
    protocol = named or spoken
    return "admin" if admin and protocol == "soap" else protocol


def read(place: Place, line: bytes) -> Read:
    """Return what a candidate line of mailboxd tells."""
    parts = usual(line)
    found = cut(line) if parts is None else parts.groups()
    if found is None:
        return None
    minute, second, fraction, thread, name, ip, oip, *more = found
    oproto, request, connection, category, message = more
    messages = place.messages.get(category)
    if messages is None:
        # Another class quotes these words.
        return QUIET
    told = messages.known.get(message) or messages.read(message)
    if told is None:
        return None
    kind, account, typed, named, _ = told
    if kind == "quiet":
        return QUIET
    when = place.clock.log4j(minute, second, fraction)
    if when is None:
        return None
    if not account:
        account = text(name)[:LONGEST_NAME].lower() if name else typed
    # What names the attempt in every file that tells of it.
    if request:
        key = "s" + request[:LONGEST_NAME].decode("utf-8", "backslashreplace")
    elif connection:
        key = "c" + text(connection[:LONGEST_NAME])
    else:
        key = f"a{account}"
    peer, source, via = place.trusted.seen(ip or b"", oip or b"")
    between = via == "proxy-only" or (via == "direct" and oip)
    return Event(
        when,
        kind,
        place.log,
        source,
        account,
        "smtp" if oproto == b"smtp" else _protocol(thread[:400], named, kind),
        via,
        key,
        place.log,
        "",
        False,  # noqa: FBT003  # the order of the fields is faster
        peer if between else "",
    )
