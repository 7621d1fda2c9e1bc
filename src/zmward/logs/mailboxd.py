"""Lines of audit.log, mailbox.log and sync.log as events."""

from collections.abc import Mapping

from zmward.catalog.log_pattern import Pattern
from zmward.logs.context import Line, cut
from zmward.logs.event import LONGEST_NAME, QUIET, Event, Read
from zmward.logs.lines import Place, matched

_ADMIN = "/service/admin/soap"
_ADMIN_PORTS = (":7071/", ":9071/")


def _protocol(line: Line, row: Pattern, named: str | None) -> str:
    """Return the protocol as the client used it, not as mailboxd calls it."""
    if line.context.get("oproto") == "smtp":
        return "smtp"
    protocol = named or row.protocol
    if not protocol:
        for prefix, name in (("Imap", "imap"), ("Pop3", "pop3"), ("Lmtp", "lmtp")):
            if line.thread.startswith(prefix):
                return name
        protocol = "soap" if row.kind != "lockout" and "://" in line.thread else ""
    if protocol == "soap":
        # The path may hold more: only where the port stands is it the admin's.
        host = line.thread.partition("://")[2]
        if _ADMIN in host and any(port in host[:300] for port in _ADMIN_PORTS):
            return "admin"
    return protocol


def _key(line: Line, account: str) -> str:
    """Return what names the attempt in every file that tells of it."""
    request = line.context.get("soapId")
    if request:
        return f"s{request[:LONGEST_NAME]}"
    connection = line.context.get("cid")
    return f"c{connection[:LONGEST_NAME]}" if connection else f"a{account}"


def _account(groups: Mapping[str, str | None], context: Mapping[str, str]) -> str:
    resolved = groups.get("account")
    if resolved:
        return resolved.replace(";;", ";")[:LONGEST_NAME].lower()
    named = context.get("name") or groups.get("typed") or ""
    return named[:LONGEST_NAME].lower()


def read(place: Place, text: str) -> Read:
    """Return what a candidate line of mailboxd tells."""
    line = cut(text)
    if line is None:
        return None
    rows = place.rows.get(line.category)
    if rows is None:
        # Another class quotes these words.
        return QUIET
    found = matched(rows, line.message)
    if found is None:
        return None
    row, groups = found
    if row.kind == "quiet":
        return QUIET
    when = place.clock.iso(text)
    if when is None:
        return None
    account = _account(groups, line.context)
    peer, announced = line.context.get("ip", ""), line.context.get("oip", "")
    source, via = place.trusted.client(peer, announced)
    between = via == "proxy-only" or (via == "direct" and announced != "")
    protocol = _protocol(line, row, groups.get("protocol"))
    return Event(
        when=when,
        kind=row.kind,
        log=place.log,
        source=source,
        account=account,
        protocol=protocol,
        via=via,
        key=_key(line, account),
        origin=place.log,
        peer=peer if between else "",
    )
