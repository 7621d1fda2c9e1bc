"""Requests from addresses of known campaigns are found, each once and in order."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some

from tests.logs.files import place, read
from tests.logs.told import told
from zmward.catalog.log_attackers import ATTACKERS
from zmward.doors.far_logs import Listed, _question
from zmward.logs.campaign import with_requests
from zmward.logs.candidates import candidates, finders
from zmward.logs.reading import Counts
from zmward.logs.reading import read as read_block

KNOWN = next(iter(ATTACKERS))
USUAL, SIGN = "GET /zimbra/ HTTP/1.1", "GET /h/x?fu=/WEB-INF/web.xml HTTP/1.1"
CALLERS = (KNOWN, "203.0.113.9", "1216.252.238.104", "2001:db8::7")


def request(number: int, caller: str = KNOWN, what: str = USUAL) -> str:
    at = f"05/Nov/2024:10:{number // 60:02}:{number % 60:02} +0000"
    return f'{caller}:51590 - - [{at}]  "{what}" 200 {number}'


def test_who_asks_is_told() -> None:
    lines = [request(1), request(2, "203.0.113.9"), request(3, what=SIGN)]
    found = told(read("nginx-access", *lines))
    (one,) = found.sources
    assert (one.address, one.verdict, one.probes) == (KNOWN, "campaign", 1)
    assert one.campaign == ATTACKERS[KNOWN]
    assert [sign.id for sign in found.indicators] == ["web-inf-fu"]


def test_a_proxy_of_ours_and_what_a_client_says_are_no_campaign() -> None:
    said = request(1, "203.0.113.9", f"GET /?from={KNOWN}: HTTP/1.1")
    assert read("nginx-access", said) == []
    assert read("nginx-access", request(1), trusted=KNOWN) == []
    # There clients choose what stands first.
    assert read("access", request(1)) == []


ROWS = some.lists(
    some.tuples(some.sampled_from(CALLERS), some.sampled_from((USUAL, SIGN))),
    max_size=30,
)


@given(ROWS, some.data())
@settings(max_examples=200)
def test_wherever_a_block_is_cut_each_line_counts_once(
    rows: list[tuple[str, str]], data: some.DataObject
) -> None:
    lines = [request(n, *row).encode() for n, row in enumerate(rows)]
    block = b"".join(line + b"\n" for line in lines)
    cuts = [0]
    for line in lines:
        cuts.append(cuts[-1] + len(line) + 1)
    cut = data.draw(some.sampled_from(cuts))
    found: list[bytes] = []
    for begin, end in ((0, cut), (cut, len(block))):
        hits = candidates(block, finders("nginx-access"), begin, end)
        found += with_requests("nginx-access", block, hits, begin, end)
    wanted = [
        line
        for line, (caller, what) in zip(lines, rows, strict=True)
        if caller == KNOWN or what == SIGN
    ]
    assert found == wanted


def test_they_are_no_candidates_that_were_not_understood() -> None:
    counts = Counts()
    block = f"{request(1)}\n{request(2, what=SIGN)}\n".encode()
    read_block(place("nginx-access"), block, 0, len(block), counts)
    assert (counts.candidates, counts.unparsed) == (2, 0)


def test_a_far_host_is_asked_for_them_too() -> None:
    listed = Listed(Path("/opt/zimbra/log/nginx.access.log"), "nginx-access", 0.0)
    words = _question(1, listed).split()
    assert set(ATTACKERS) <= set(words)
