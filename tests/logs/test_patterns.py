"""Every row of the logs' catalog is hit by its own samples, and read as they say."""

from zoneinfo import ZoneInfo

import pytest

from zmward.catalog.log_indicators import INDICATORS, Indicator
from zmward.catalog.log_pattern import LOGS, Log, Pattern, Sample
from zmward.catalog.log_patterns import PATTERNS, rows
from zmward.logs.addresses import Trusted
from zmward.logs.candidates import words
from zmward.logs.clock import Clock
from zmward.logs.event import QUIET, Event
from zmward.logs.lines import Place
from zmward.logs.reading import Counts, events, parse

ROME = ZoneInfo("Europe/Rome")
NEWEST = 1_730_900_000.0
SAMPLES = [
    pytest.param(row, sample, id=f"{row.id}-{number}")
    for row in PATTERNS
    for number, sample in enumerate(row.samples)
]


def place(log: Log, *trusted: str) -> Place:
    return Place(log, Clock(ROME, NEWEST), Trusted(trusted))


@pytest.mark.parametrize("row", PATTERNS, ids=lambda row: row.id)
def test_every_pattern_has_a_sample(row: Pattern) -> None:
    assert row.samples
    assert all(sample.log in row.logs for sample in row.samples)


@pytest.mark.parametrize(("row", "sample"), SAMPLES)
class TestSample:
    def test_it_is_a_candidate(self, row: Pattern, sample: Sample) -> None:
        assert row.needle in sample.line
        counts = Counts()
        list(events(place(sample.log), [sample.line.encode() + b"\n"], counts))
        lines = sample.line.count("\n") + 1
        assert (counts.candidates, counts.unparsed, counts.lines) == (1, 0, lines)

    def test_it_hits_its_own_row_first(self, row: Pattern, sample: Sample) -> None:
        hits = [
            one
            for one in rows(sample.log)
            for start in range(len(sample.line))
            if set(one.place.split("|")) & set(row.place.split("|"))
            and one.needle in sample.line[start:]
            and one.expression.fullmatch(sample.line, start)
        ]
        assert hits[0] is row

    def test_it_is_understood(self, row: Pattern, sample: Sample) -> None:
        found = parse(place(sample.log), sample.line.encode())
        if row.kind == "quiet":
            assert found is QUIET
            return
        assert isinstance(found, Event)
        assert found.kind == row.kind
        assert (found.source, found.account, found.protocol) == (
            sample.source,
            sample.account,
            sample.protocol,
        )
        # All samples were written in that hour, in Rome.
        assert 1_730_798_100 <= found.when <= 1_730_798_300


STAMP = "2024-11-05T10:16:20.123456+01:00"


def sign_line(log: Log, subject: str) -> str:
    """Return a line of a log around what is judged of it."""
    if log == "syslog":
        return f"Nov  5 10:16:20 mta1 postfix/smtpd[1]: {subject}"
    if log == "auth":
        return (
            "Nov  5 10:16:20 mta1 sudo:   zimbra : PWD=/opt/zimbra ; USER=root ; "
            f"COMMAND={subject}"
        )
    stamp = "198.51.100.7:51590 - - [05/Nov/2024:10:15:40 +0100]  "
    return f'{stamp}"{subject}" 200 1 "-" "-" "-" "-"'


@pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.id)
def test_every_sign_is_found_in_its_sample(row: Indicator) -> None:
    for log in row.logs:
        line = sign_line(log, row.sample)
        found = list(events(place(log), [line.encode() + b"\n"], Counts()))
        assert [(one.kind, one.origin) for one in found] == [("indicator", row.id)]
        assert found[0].line == line
        assert found[0].source == ("198.51.100.7" if log == "nginx-access" else "")


@pytest.mark.parametrize("row", INDICATORS, ids=lambda row: row.id)
def test_what_only_looks_like_a_sign_is_none(row: Indicator) -> None:
    for log in row.logs:
        line = sign_line(log, row.clean).encode() + b"\n"
        assert list(events(place(log), [line], Counts())) == []


def test_only_what_zimbra_ran_counts_of_sudo() -> None:
    line = sign_line("auth", "/opt/zimbra/common/sbin/postfix -D -v x")
    other = line.replace("zimbra :", "anna :")
    quoted = line.replace("USER=root", "USER=zimbra").replace("PWD=/", "PWD=/USER=root")
    assert (
        list(events(place("auth"), [f"{other}\n{quoted}\n".encode()], Counts())) == []
    )
    new = line.replace("sudo:   ", "sudo[77]:   ").replace("Nov  5 10:16:20", STAMP)
    assert len(list(events(place("auth"), [f"{new}\n".encode()], Counts()))) == 1


def test_every_log_has_something_to_look_for() -> None:
    assert all(words(log) for log in LOGS)


HEAD = "Nov  5 10:16:20 mta1 postfix/submission/smtpd[30122]: "
FAILED = "warning: unknown[198.51.100.7]: SASL LOGIN authentication failed: bad"


@pytest.mark.parametrize(
    ("line", "times", "unparsed"),
    [
        (f"{HEAD}{FAILED}", 1, 0),
        (f"{HEAD}message repeated 3 times: [ {FAILED}]", 3, 0),
        (f"{HEAD}message repeated 3 times: [{FAILED}]", 3, 0),
        (f"{HEAD}message repeated 99999 times: [ {FAILED}]", 0, 1),
        (f"{HEAD}message repeated 3 times: [ {FAILED}", 0, 1),
        (
            f"{HEAD}message repeated 3 times: [ message repeated 9 times: [ {FAILED}]]",
            0,
            1,
        ),
        (f"{HEAD}warning: x: message repeated 3 times: [ {FAILED}]", 0, 1),
    ],
)
def test_a_folded_line_counts_as_often_as_it_came(
    line: str, times: int, unparsed: int
) -> None:
    counts = Counts()
    found = list(events(place("syslog"), [f"{line}\n".encode()], counts))
    assert [one.source for one in found] == ["198.51.100.7"] * times
    assert counts.unparsed == unparsed
