"""Signs of exploitation: found as they read, and quickly whatever a client writes."""

import re
import time

import pytest
from bench.logs_signs import PLAIN
from hypothesis import given
from hypothesis import strategies as some

from zmward.catalog.log_indicators import INDICATORS, Indicator

PIECES = (
    *("/h/rest?", "/h/a?", "javax.servlet.include.", "?fu=", "&fu=", "WEB-INF"),
    *("packages=", "/m/momoveto?", "st=", "/h/autoSaveDraft?", "draftid="),
    *("/public/launchNewWindow.jsp?", "/preauth?", "redirectURL=", "https:", "//"),
    *("/service/proxy?", "target=", "127.0.0.1", "localhost", "7071", "/res/"),
    *("skin=../../", "?zrememberme=", "/home/", "/service/", "%0d%0a", "%0D%0A"),
    *("$(", "Service status change:", "`", "|", "from=<", "to=<", ".oast.fun"),
    *("<", "=", '"', "%22", "%3C", "'", "\\x22", " ", "&", ">", "a", "é"),
)
ROWS = [row for row in INDICATORS if row.id in PLAIN]
LONGEST, SECONDS = 64_000, 2.0


def test_every_sign_of_requests_and_messages_has_its_plain_form() -> None:
    assert {row.id for row in INDICATORS} - PLAIN.keys() == {
        *("mboximport", "sfdc-preauth", "webex-ssrf", "web-shell-known"),
        *("sudo-mailboxd", "sudo-nginx", "sudo-slapd", "sudo-postfix"),
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
@given(some.lists(some.sampled_from(PIECES), max_size=14))
def test_it_finds_what_the_plain_form_finds(row: Indicator, found: list[str]) -> None:
    subject = "".join(found)
    plain = re.compile(PLAIN[row.id], re.IGNORECASE | re.ASCII)
    assert bool(row.expression.search(subject)) == bool(plain.search(subject))


@pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.id)
def test_nobody_can_make_it_slow(row: Indicator) -> None:
    """Each part many times, alone, after the others, and all of them in turns."""
    begun = time.process_time()
    pieces = [
        one for one in PIECES if one.strip("?&=") in row.subject.replace("\\", "")
    ]
    pieces.append(row.needle)
    each = LONGEST // len(pieces)
    for some_ in (pieces, pieces[::-1]):
        row.expression.search("".join(one * (each // len(one)) for one in some_))
    for piece in PIECES:
        row.expression.search(piece * (LONGEST // len(piece)))
        row.expression.search(pieces[0] + piece * (LONGEST // len(piece)))
    row.expression.search("".join(pieces) * (each // 10))
    assert time.process_time() - begun < SECONDS
