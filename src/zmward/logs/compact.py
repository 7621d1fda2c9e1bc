"""The event log: one line an event, made for fail2ban to read instead of raw logs.

    2024-11-05T09:15:40Z failure 198.51.100.7 imap proxy audit audit anna@example.com

Always eight words, in this order, each parted from the next by one blank:

1. when it happened, in UTC: the stamp of the line that told it;
2. kind: failure, unknown, denied, lockout, suspended, probe, success, preauth,
   preauth-failure or indicator;
3. the client's address, as it is usually written, without brackets or port;
4. the protocol as the client used it;
5. how the address is known: direct, proxy, proxy-only, none; half for an account whose
   attempt stands with its address in another line;
6. the log, 7. the place in it that told, or the id of a sign of exploitation;
8. the account, in small letters.

`-` stands for what is not known. A client chooses the account alone, and there every
byte but letters, digits and `._@+-` is written as `%` and two digits: no blank, no line
end and no second address can be forged. A filter begins with `^` and asks for `<ADDR>`,
never `<HOST>`, which takes names. Whoever appends writes whole lines at once.
"""

import re
from datetime import UTC, datetime
from typing import Final, cast

from zmward.catalog.log_pattern import Log
from zmward.logs.addresses import address
from zmward.logs.event import Event, Via

# Where the service writes and the jails read.
EVENTS: Final = "/var/log/zmward/events.log"
# What fail2ban's datepattern must say; `%%` where it stands in a file of fail2ban.
STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"
_NONE = "-"
_LATEST = 253_402_300_799
_PLAIN = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-"
)
_SAFE = re.compile(r"[A-Za-z0-9._@+][A-Za-z0-9._@+-]*+")
_WORD = r"([A-Za-z0-9._@+%-]+)"
_LINE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([a-z-]+) ([0-9a-f.:]+|-) "
    rf"{_WORD} ([a-z-]+) {_WORD} {_WORD} {_WORD}",
    re.ASCII,
)
_ESCAPE = re.compile(r"%([0-9A-F]{2})", re.ASCII)


def _word(text: str) -> str:
    """Return a text as one word that can only be read as itself."""
    if _SAFE.fullmatch(text):
        return text
    if not text:
        return _NONE
    raw = text.encode("utf-8", "backslashreplace")
    if raw == b"-":
        return "%2D"
    return "".join(chr(one) if one in _PLAIN else f"%{one:02X}" for one in raw)


def _text(word: str) -> str:
    """Return the text of a word."""
    if word == _NONE:
        return ""
    raw = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), word)
    return raw.encode("latin-1").decode("utf-8", "backslashreplace")


def line(event: Event) -> str:
    """Return an event as one line of the event log, without its line end."""
    second = min(max(int(event.when), 0), _LATEST)
    return " ".join(
        (
            f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}",
            event.kind,
            event.source or _NONE,
            _word(event.protocol),
            "half" if event.half else event.via,
            event.log,
            _word(event.origin),
            _word(event.account),
        )
    )


def event(text: str) -> Event | None:
    """Return what a line of the event log tells, or None where it is none."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    stamp, kind, source, protocol, via, log, origin, account = found.groups()
    try:
        when = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    if source != _NONE and address(source) != source:
        return None
    half = via == "half"
    return Event(
        when=when,
        kind=kind,
        log=cast("Log", log),
        source=_text(source),
        account=_text(account),
        protocol=_text(protocol),
        via="none" if half else cast("Via", via),
        origin=_text(origin),
        half=half,
    )
