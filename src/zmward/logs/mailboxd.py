"""Lines of audit.log, mailbox.log and sync.log as events."""

from functools import lru_cache

from zmward.logs.context import LINE, name, said
from zmward.logs.event import LONGEST_NAME, QUIET, Event, Read
from zmward.logs.lines import Place, Told, text

_ADMIN = b"/service/admin/soap"
_ADMIN_PORTS = (b":7071/", b":9071/")
_THREADS = ((b"Imap", "imap"), (b"Pop3", "pop3"), (b"Lmtp", "lmtp"))


@lru_cache(1024)
def _spoken(thread: bytes) -> str:
    """Return the protocol that a thread is named after, if it is."""
    for prefix, name in _THREADS:
        if thread.startswith(prefix):
            return name
    return "soap" if b"://" in thread else ""


@lru_cache(1024)
def _is_admin(thread: bytes) -> bool:
    """Return whether a thread serves the admin port."""
    # The path may hold more: only where the port stands is it the admin's.
    host = thread.partition(b"://")[2]
    return _ADMIN in host and any(port in host[:300] for port in _ADMIN_PORTS)


def _protocol(thread: bytes, told: Told) -> str:
    """Return the protocol as the client used it, not as mailboxd calls it."""
    short = thread[:400]
    protocol = told.protocol or told.row.protocol
    if not protocol:
        protocol = _spoken(short)
        if protocol == "soap" and told.row.kind == "lockout":
            return ""
        if protocol and protocol != "soap":
            return protocol
    return "admin" if protocol == "soap" and _is_admin(short) else protocol


def _key(request: bytes, connection: bytes, account: str) -> str:
    """Return what names the attempt in every file that tells of it."""
    if request:
        return "s" + text(request[:LONGEST_NAME])
    return "c" + text(connection[:LONGEST_NAME]) if connection else f"a{account}"


def read(place: Place, line: bytes) -> Read:
    """Return what a candidate line of mailboxd tells."""
    found = LINE.match(line)
    if found is None:
        return None
    thread, context, category = found.groups()
    messages = place.messages.get(category)
    if messages is None:
        # Another class quotes these words.
        return QUIET
    told = messages.read(line, found.end())
    if told is None:
        return None
    kind = told.row.kind
    if kind == "quiet":
        return QUIET
    when = place.clock.log4j(line)
    if when is None:
        return None
    ip, oip, oproto, request, connection = said(context)
    account = (
        told.account or text(name(context))[:LONGEST_NAME].lower() or told.typed
    )
    peer, source, via = place.trusted.seen(ip, oip)
    between = via == "proxy-only" or (via == "direct" and oip != b"")
    return Event(
        when,
        kind,
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
