"""One event as one line, for people or for programs."""

from datetime import UTC, datetime, tzinfo

import msgspec

from zmward.logs.event import Event
from zmward.reports.plain import in_json, plain

_LAST = 253_402_214_400


def _time(event: Event, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(min(max(event.when, 0.0), _LAST), zone)


def text(event: Event, zone: tzinfo) -> str:
    """Return an event as people read it."""
    words = [f"{_time(event, zone):%Y-%m-%d %H:%M:%S} {event.kind}"]
    if event.protocol:
        words.append(event.protocol)
    if event.account:
        words.append(plain(event.account))
    if event.source:
        words.append(f"from {event.source}")
    elif event.peer:
        words.append(f"behind {plain(event.peer)}")
    words.append(f"({event.log})")
    if event.kind == "indicator":
        words.append(f"{event.origin}: {plain(event.line)}")
    return " ".join(words)


def as_json(event: Event) -> str:
    """Return an event as a JSON object on one line."""
    found = {
        "when": _time(event, UTC).isoformat(timespec="milliseconds"),
        "kind": event.kind,
        "source": event.source or None,
        "account": event.account or None,
        "protocol": event.protocol or None,
        "via": event.via,
        "log": event.log,
        "origin": event.origin,
        "half": event.half,
        "peer": event.peer or None,
        "line": event.line or None,
    }
    return in_json(msgspec.json.encode(found).decode())
