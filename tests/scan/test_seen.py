"""What a scan saw can be read again, whatever gaps its ports and oddities its texts."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from zmward.controls.registry import controls
from zmward.engine.audit import audit
from zmward.engine.scan import Wish, _rows
from zmward.engine.talks import Depth
from zmward.errors import BadFile
from zmward.outside import evidence_of
from zmward.profile import Profile
from zmward.reports.plain import in_json
from zmward.reports.scan_json import read, render
from zmward.scan.seen import PortSeen, Rest, Seen, decode, encode
from zmward.scan.tls_shown import Trust
from zmward.sources._outside import parse

ADDRESS = "192.0.2.10"
KNOWN = frozenset((25, 7071))
WISH = Wish((), (), KNOWN, 1000.0, 10.0, Depth(Trust("", datetime.now(UTC))))
BARE = Seen("mail.example.test", "2026-11-21T12:00:00+00:00", "0", (ADDRESS,))


def test_every_port_that_was_tried_survives_the_file() -> None:
    ports = [
        PortSeen(number, "tcp", ADDRESS, "open" if number == 3389 else "closed")
        for number in range(1, 65_536)
        if number not in (80, 443)
    ]
    rows, rest = _rows(ports, WISH)
    assert [one.ports for one in rest] == [
        "1-24, 26-79, 81-442, 444-3388, 3390-7070, 7072-65535"
    ]
    seen = replace(BARE, ports=rows, rest=rest)
    assert decode(encode(seen)) == seen
    report = audit(evidence_of((seen,), "0"), controls().values(), Profile())
    document = in_json(render(report, (seen,)))
    assert read(document.encode(), "scan.json") == (seen,)
    parsed = parse(encode(seen))
    assert [one.rest for one in parsed] == [rest]


@pytest.mark.parametrize("ports", ["", "none", "1,", "1,  2", ", 1", "1\n", "1-2-3"])
def test_what_are_no_ports_is_no_look(ports: str) -> None:
    with pytest.raises(BadFile):
        decode(encode(replace(BARE, rest=(Rest(ADDRESS, "tcp", "closed", ports),))))


def test_a_file_without_the_spaces_is_read_too() -> None:
    seen = replace(BARE, rest=(Rest(ADDRESS, "tcp", "closed", "1-24,26"),))
    assert decode(encode(seen)) == seen
