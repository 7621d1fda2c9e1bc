"""What a scan saw can be read again, whatever gaps its ports and oddities its texts."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from zmward.control import Status
from zmward.controls.registry import controls
from zmward.engine.audit import audit
from zmward.engine.scan import Wish, _rows
from zmward.engine.talks import Depth
from zmward.errors import BadFile
from zmward.outside import evidence_of
from zmward.profile import Profile
from zmward.reports.plain import in_json
from zmward.reports.scan_json import read, render
from zmward.scan.ldap import LdapShown
from zmward.scan.seen import PortSeen, Rest, Seen, decode, encode
from zmward.scan.smtp import SmtpShown
from zmward.scan.smtp_relay import Attempt
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


ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize("end", ENDS, ids=[f"{ord(c):x}" for c in ENDS])
def test_no_character_of_a_server_ends_a_line_of_the_evidence(end: str) -> None:
    odd = LdapShown(ADDRESS, 389, contexts=(f"dc=a{end}b",), product=f"x{end}")
    sent = Attempt("plain", "a@x.test", "b@y.test", "accepted", "250 ok")
    relay = SmtpShown(ADDRESS, 25, attempts=(sent,))
    seen = replace(
        BARE,
        source={ADDRESS: "198.51.100.7"},
        ports=(PortSeen(25, "tcp", ADDRESS, "open", "smtp"),),
        shown=(odd, relay),
    )
    other = replace(BARE, host="other.example.test")
    first, second = parse(f"{encode(seen)}\n{encode(other)}")
    assert (first.shown[:2], second) == (seen.shown, other)
    both = audit(evidence_of((seen, other), "0"), controls().values(), Profile())
    (found,) = [f for f in both.findings if f.control == "mta-is-no-open-relay"]
    assert found.status is Status.FAIL
