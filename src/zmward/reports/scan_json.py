"""A scan as JSON: the ports, the findings, and what was seen, to be judged again."""

from typing import Final, Literal

import msgspec

from zmward.errors import BadFile
from zmward.finding import Report
from zmward.reports.json import document as report_document
from zmward.scan.seen import PortSeen, Seen, sane

SCHEMA: Final = "zmward.scan/1"


class PortShown(msgspec.Struct, frozen=True):
    """One port of one address of one host."""

    host: str
    address: str
    port: int
    proto: Literal["tcp", "udp"]
    state: Literal["open", "closed", "filtered"]
    service: str
    product: str
    version: str
    tls: bool
    banner: str


class _Stored(msgspec.Struct):
    schema: str
    seen: tuple[Seen, ...] = ()


def _port(seen: Seen, port: PortSeen) -> PortShown:
    return PortShown(
        host=seen.host, **{name: getattr(port, name) for name in port.__struct_fields__}
    )


def render(report: Report, looks: tuple[Seen, ...]) -> str:
    """Return the scan as indented JSON."""
    found = report_document(report)
    ports = tuple(_port(seen, port) for seen in looks for port in seen.ports)
    document = {
        "schema": SCHEMA,
        "host": report.host,
        "when": report.when,
        "zmward": report.zmward,
        "ports": ports,
        "silent": tuple(f"{s.host}: {text}" for s in looks for text in s.untold()),
        "counts": found["counts"],
        "score": found["score"],
        "findings": found["findings"],
        "seen": looks,
    }
    return msgspec.json.format(msgspec.json.encode(document)).decode() + "\n"


def read(content: bytes, name: str) -> tuple[Seen, ...]:
    """Return what the looks of a scan's JSON saw; `name` is the file's name."""
    try:
        stored = msgspec.json.decode(content, type=_Stored)
        sane(stored.seen)
    except (ValueError, RecursionError) as error:
        raise BadFile(
            f"{name} is not a whole scan: {error}. "
            "Make it again with `zmward scan --json`."
        ) from error
    if stored.schema != SCHEMA:
        raise BadFile(f"{name} has the schema {stored.schema!r}; this reads {SCHEMA}.")
    if not stored.seen:
        raise BadFile(f"{name} holds no look at any host.")
    return stored.seen
