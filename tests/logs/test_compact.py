"""The event log: what a client says can be read as nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.logs.files import BYSTANDER, CALLER, failed, read
from zmward.logs import compact
from zmward.logs.event import Event

# What a filter of fail2ban makes of `^failure <ADDR> `, behind the stamp.
FILTER = re.compile(r"^\S+ (?:failure|unknown) ([0-9a-f.:]+) \S+ \S+ \S+ \S+ \S+$")
NAMES = some.text(max_size=40) | some.sampled_from(
    [
        f"x\n2024-11-05T09:15:40Z failure {BYSTANDER} imap direct audit audit x",
        f"x failure {BYSTANDER} imap direct audit audit x",
        *("-", "--", "%", "%2D", "a\0b", "\x1b[2J", "é\u202e", " ", ""),
    ]
)


def told(account: str, source: str = CALLER, **more: object) -> Event:
    some = {"protocol": "imap", "via": "proxy", "origin": "audit"} | more
    return Event(
        *(1_730_798_140.0, "failure", "audit", source, account),
        **some,  # type: ignore[arg-type]  # names of fields
    )


def test_a_line_looks_as_the_docs_say() -> None:
    wanted = f"2024-11-05T09:15:40Z failure {CALLER} imap proxy audit audit"
    assert compact.line(told("anna@example.com")) == f"{wanted} anna@example.com"
    assert compact.line(told("")) == f"{wanted} -"
    assert compact.line(told("-")) == f"{wanted} %2D"
    assert compact.line(told("a b%é")) == f"{wanted} a%20b%25%C3%A9"


@given(NAMES, some.sampled_from([CALLER, "2001:db8::7", ""]), some.booleans())
def test_what_is_written_is_read(account: str, source: str, half: bool) -> None:  # noqa: FBT001  # drawn
    one = told(account, source, half=half, via="none" if half else "proxy")
    assert compact.event(compact.line(one)) == one


@given(NAMES)
def test_an_account_forges_nothing(account: str) -> None:
    shown = compact.line(told(account))
    assert len(shown.splitlines()) == 1
    assert len(shown.split(" ")) == 8
    assert shown.isascii()
    assert shown.isprintable()
    found = FILTER.match(shown)
    assert found
    assert found[1] == CALLER


def test_a_name_that_is_no_text_is_written() -> None:
    shown = compact.line(told("\ud800"))
    assert shown.endswith(" %5Cud800")


def test_an_address_that_is_not_known_is_none() -> None:
    assert not FILTER.match(compact.line(told("anna", "")))


def test_times_that_cannot_be_are_cut() -> None:
    (event,) = read(
        "audit", failed(f"oip={CALLER};soapId=1;", stamp="9999-12-31 23:59:59,999")
    )
    assert compact.line(event).startswith("9999-12-31T")
    assert compact.line(Event(-5.0, "failure", "audit")).startswith(
        "1970-01-01T00:00:00Z"
    )
    assert compact.line(Event(1e30, "failure", "audit")).startswith(
        "9999-12-31T23:59:59Z"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-11-05T09:15:40Z failure 198.51.100.7 imap proxy audit audit",
        "2024-13-05T09:15:40Z failure 198.51.100.7 imap proxy audit audit x",
        "2024-11-05T09:15:40Z failure host.example imap proxy audit audit x",
        "2024-11-05T09:15:40Z failure 198.51.100.7 imap proxy audit audit a b",
        " 2024-11-05T09:15:40Z failure 198.51.100.7 imap proxy audit audit x",
    ],
)
def test_what_is_no_line_of_it_is_none(text: str) -> None:
    assert compact.event(text) is None
