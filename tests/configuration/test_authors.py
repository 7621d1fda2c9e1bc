"""Who may have changed it: lines that fit, and never more than a hint."""

import time
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.configuration.authors import Edit, candidates, edits, read
from zmward.configuration.compare import Difference
from zmward.configuration.history import Span, told
from zmward.logs.clock import Clock

_QTP = "[qtp1-2:https://192.0.2.20:7071/service/admin/soap/ModifyDomainRequest]"
_CONTEXT = "[name=admin@example.com;ip=198.51.100.7;oip=203.0.113.9;ua=x;soapId=5d;]"
_AT = 1_730_801_740.0


def line(message: str, context: str = _CONTEXT, at: str = "10:15:40,000") -> bytes:
    return f"2024-11-05 {at} INFO  {_QTP} {context} security - {message}".encode()


def one(message: str, context: str = _CONTEXT, at: str = "10:15:40,000") -> Edit | None:
    return read(line(message, context, at), Clock(UTC, 0.0))


def test_a_line_names_who_from_where_what() -> None:
    message = (
        "cmd=ModifyDomain; name=example.test; zimbraAuthMech=ldap; +zimbraFoo=a;;b;"
    )
    assert one(message) == Edit(
        when=_AT,
        account="admin@example.com",
        peer="198.51.100.7",
        announced="203.0.113.9",
        command="ModifyDomain",
        target="example.test",
        names=frozenset({"name", "zimbraauthmech", "zimbrafoo"}),
    )


@pytest.mark.parametrize(
    "message",
    [
        "cmd=Auth; account=a@b; protocol=soap;",
        "text cmd=ModifyConfig; a=b;",
        "cmd=ModifyConfig",
        "",
    ],
)
def test_other_lines_tell_nothing(message: str) -> None:
    assert one(message) is None


def test_another_category_tells_nothing() -> None:
    raw = line("cmd=ModifyConfig; a=b;").replace(b"security", b"soap")
    assert read(raw, Clock(UTC, 0.0)) is None


_CHANGED = Difference(
    "domains/example.test.conf", "changed", "domain:example.test", "A"
)


@pytest.mark.parametrize(
    ("message", "fits"),
    [
        ("cmd=ModifyDomain; name=example.test; a=1;", True),
        ("cmd=ModifyDomain; name=EXAMPLE.test; -A=1;", True),
        ("cmd=CreateDomain; name=example.test;", True),
        ("cmd=ModifyDomain; name=example.test; b=1;", False),
        ("cmd=ModifyDomain; name=other.test; a=1;", False),
        ("cmd=ModifyServer; name=example.test; a=1;", False),
        ("cmd=ModifyDomain; name=example.test; b=x;; a=1;", False),
    ],
)
def test_only_what_fits_is_a_candidate(message: str, *, fits: bool) -> None:
    edit = one(message)
    assert edit is not None
    assert bool(candidates(_CHANGED, [edit], _AT - 1, _AT)) == fits


def test_only_the_span_between_two_snapshots_counts() -> None:
    edit = one("cmd=ModifyDomain; name=example.test; a=1;")
    assert edit is not None
    assert not candidates(_CHANGED, [edit], _AT, _AT + 1)
    assert not candidates(_CHANGED, [edit], _AT - 2, _AT - 1)


def test_the_newest_comes_first_and_not_all_are_shown() -> None:
    some = [
        one("cmd=ModifyDomain; name=example.test; a=1;", at=f"10:15:{n:02},000")
        for n in range(9)
    ]
    found = [edit for edit in some if edit is not None]
    span = Span("c", "zmward", int(_AT) - 60, int(_AT), (_CHANGED,))
    ((changed,),) = (row.changes for row in told([span], found, 0.0))
    assert [row.when[17:19] for row in changed.candidates] == [
        "08",
        "07",
        "06",
        "05",
        "04",
    ]
    assert changed.more == 4


def test_logs_that_begin_later_do_not_cover() -> None:
    span = Span("c", "zmward", 100, 200, ())
    assert told([span], [], 100.0)[0].covered
    assert not told([span], [], 101.0)[0].covered
    first = Span("c", "zmward", None, 200, (_CHANGED,))
    assert not told([first], [], 0.0)[0].covered


@given(st.binary(max_size=400))
def test_no_line_breaks_the_reader(noise: bytes) -> None:
    list(edits([noise, line("cmd=ModifyConfig; ") + noise], Clock(UTC, 0.0)))


def test_no_line_takes_long() -> None:
    begun = time.monotonic()
    for part in ("a", "=", ";", ";;", "a=", "+", " a"):
        one(f"cmd=ModifyConfig; {part * 60_000}")
    assert time.monotonic() - begun < 2
