"""The ports of a look, each with what the place of the looker means for it."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from zmward.catalog.ports import PORTS
from zmward.control import Status
from zmward.finding import Report
from zmward.i18n import Speaker, mark
from zmward.outlook import place
from zmward.scan.seen import PortSeen, Seen

STATES: Final = {
    "open": ("●", mark("open")),
    "closed": ("○", mark("closed")),
    "filtered": ("◌", mark("no answer")),
}


class PortRow(msgspec.Struct, frozen=True):
    """One port in words: its number, the catalog's name, and what answers.

    `amiss` counts the findings that failed there.
    """

    port: int
    proto: str
    state: str
    usual: str
    service: str
    software: str
    banner: str
    amiss: int = 0


def usual(port: PortSeen) -> str:
    """Return what the catalog says the port is for; empty where it knows none."""
    names = (r.name for r in PORTS if r.port == port.port and port.proto in r.protocols)
    return next(names, "")


def _service(port: PortSeen, say: Speaker) -> str:
    if not port.service:
        return say(mark("not recognised")) if port.proto == "tcp" else ""
    return f"{port.service} {say(mark('inside TLS'))}" if port.tls else port.service


def failed_at(report: Report) -> Counter[str]:
    """Count by place how many findings failed there."""
    failed = (f for f in report.findings if f.status is Status.FAIL)
    return Counter(
        subject for f in failed for subject in {d.subject for d in f.deviations}
    )


def row(port: PortSeen, say: Speaker, amiss: int = 0) -> PortRow:
    """Return the row of an open port."""
    software = f"{port.product} {port.version}".strip()
    service = _service(port, say)
    return PortRow(
        *(port.port, port.proto, port.state, usual(port)),
        *(service, software, port.banner, amiss),
    )


def places(
    seen: Seen, report: Report, say: Speaker
) -> Iterator[tuple[str, tuple[PortRow, ...]]]:
    """Yield each address with its open ports."""
    failed = failed_at(report)
    for address in seen.addresses:
        own = [p for p in seen.ports if p.address == address and p.state == "open"]
        marks = [failed[place(seen.host, address, p.port, p.proto)] for p in own]
        yield (
            address,
            tuple(row(p, say, count) for p, count in zip(own, marks, strict=True)),
        )


def others(seen: Seen, address: str, say: Speaker) -> str:
    """Count the ports that are not open, by their state."""
    counts: dict[str, int] = {}
    for port in seen.ports:
        if port.address == address and port.state != "open":
            key = f"{port.proto} {port.state}"
            counts[key] = counts.get(key, 0) + 1
    for rest in seen.rest:
        if rest.address == address:
            key = f"{rest.proto} {rest.state}"
            counts[key] = counts.get(key, 0) + _count(rest.ports)
    parts = []
    for key, number in sorted(counts.items()):
        proto, state = key.split()
        parts.append(f"{number:,} {proto} {say(STATES[state][1])}")
    return ", ".join(parts)


def _count(ports: str) -> int:
    total = 0
    for part in ports.split(","):
        first, dash, last = part.strip().partition("-")
        total += int(last) - int(first) + 1 if dash else 1
    return total
