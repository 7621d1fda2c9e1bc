"""The terminal report: 24 lines of 80 columns first, harmless, clear without colour."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from tests.reports.samples import HOSTILE, finding, hostile, report, waived
from zmward.change import SetAttr
from zmward.control import Severity, Status
from zmward.deviation import Deviation, Layer
from zmward.finding import Report
from zmward.i18n import Speaker
from zmward.reports.screen import first_screen
from zmward.reports.text import render

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def screen(whole: Report, width: int = 80) -> list[str]:
    return [line.plain for line in first_screen(whole, Speaker(), width)]


def crowded() -> Report:
    """Return a report with everything that could make the first screen long."""
    findings = [
        finding(
            f"control-{number}",
            title="A title of the greatest length that is allowed " + "x" * 33,
            topic=f"a-long-topic-{number}",
            status=list(Status)[number % 3],
            reason=f"reason {number} that is not short at all",
            severity=list(Severity)[number % 4],
        )
        for number in range(60)
    ]
    hosts = tuple(f"mailbox{number}.example.com" for number in range(40))
    past = ("a", "b")
    return report(
        *findings, waived(), hosts_seen=hosts, hosts_missing=hosts, lapsed=past
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_first_screen_fits(width: int) -> None:
    for whole in (report(), crowded(), report(finding(status=Status.PASS))):
        lines = screen(whole, width)
        assert len(lines) <= 23  # the prompt needs one of 24
        assert max(cell_len(line) for line in lines) <= width


def test_the_first_screen_says_what_matters() -> None:
    text = "\n".join(screen(report(finding(), waived(), finding("b"))))
    assert "mail.example.com · Zimbra 10.1.20 · 2026-11-21 12:00 UTC" in text
    assert re.search(r"Nodes not seen +1: mta2\.example\.com", text)
    assert "zmward explain a-control" in text
    assert "next lapse 2026-12-01" in text
    assert re.search(r"Safe to apply now +0 changes, 0 restarts, nobody affected", text)
    assert re.search(r"By hand +2 failed that zmward has no repair for", text)


def test_an_unknown_is_a_step_where_nothing_failed() -> None:
    unsure = finding(status=Status.UNKNOWN, reason="mail.example.com: no answer")
    lines = screen(report(unsure))
    assert any("zmward explain a-control" in line for line in lines)
    assert any(line.startswith("Not known, and why   no answer (1)") for line in lines)


def test_nothing_to_do_is_said() -> None:
    lines = screen(report(finding(status=Status.PASS, deviations=())))
    assert any(re.fullmatch(r"Do now +nothing", line) for line in lines)


def test_a_change_that_two_findings_want_counts_once_where_it_is_hardest() -> None:
    cure = SetAttr("global", "zimbraMtaTlsAuthOnly", ("FALSE",), ("TRUE",))
    deviations = (Deviation("global", "FALSE", "TRUE", Layer.DECLARED, cure),)
    easy = finding("a", deviations=deviations, effort="window")
    hard = finding("b", deviations=deviations, effort="decision", locks_out="users")
    text = "\n".join(screen(report(easy, hard)))
    assert re.search(r"Needs a window +0 changes", text)
    assert re.search(r"Needs your decision +1 change: users", text)


def test_many_accounts_are_folded_into_one_line() -> None:
    deviations = tuple(
        Deviation(f"account:user{n}@example.com", "TRUE", "FALSE", Layer.DECLARED)
        for n in range(40)
    )
    text = render(report(finding(deviations=deviations)))
    assert text.count("example.com:") <= 3
    joined = " ".join(text.split())
    assert "40 × account (user0@example.com, user1@example.com," in joined  # noqa: RUF001
    assert "+37)" in joined
    whole = render(report(finding(deviations=deviations)), everything=True)
    assert "user39@example.com" in whole


def test_what_passed_is_folded_unless_everything_is_wanted() -> None:
    fine = finding("fine", status=Status.PASS, deviations=(), title="All is well")
    whole = report(fine, finding())
    assert "All is well" not in render(whole)
    assert "1 that passed or do not apply are folded" in render(whole)
    assert "All is well" in render(whole, everything=True)


def test_every_failure_and_its_command_can_be_read_without_colours() -> None:
    text = render(report())
    for one in report().findings:
        if one.status in (Status.FAIL, Status.UNKNOWN):
            assert one.control in text
    assert "\x1b" not in text
    assert "$ zmprov" in text


def test_colours_are_the_only_difference() -> None:
    coloured = render(report(), color=True)
    assert COLOUR.search(coloured)
    assert COLOUR.sub("", coloured) == render(report())


def test_lines_keep_the_width_but_for_commands() -> None:
    for line in render(report(), everything=True).splitlines():
        assert line.lstrip().startswith("$ ") or cell_len(line) <= 80, line


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_do_nothing(words: str) -> None:
    for everything in (False, True):
        for color in (False, True):
            shown = render(hostile(words), color=color, everything=everything)
            text = COLOUR.sub("", shown) if color else shown
            assert all(c == "\n" or c.isprintable() for c in text)
    assert len(screen(hostile(words))) <= 23


@given(st.text(max_size=60))
def test_no_text_steers_the_terminal(words: str) -> None:
    text = render(hostile(words), everything=True)
    assert all(c == "\n" or c.isprintable() for c in text)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "no-such-one"])
def test_a_terminal_without_our_signs_gets_others(encoding: str) -> None:
    text = render(report(), encoding=encoding)
    known = encoding if encoding != "no-such-one" else "ascii"
    text.encode(known)
    assert "x FAIL" in text


def test_a_finding_reads_like_this() -> None:
    cure = SetAttr("global", "zimbraMtaTlsAuthOnly", ("FALSE",), ("TRUE",))
    one = finding(
        title="Postfix offers SMTP AUTH only inside TLS",
        tips=("T11",),
        deviations=(
            Deviation("global", "zimbraMtaTlsAuthOnly: FALSE", "TRUE", Layer.DECLARED),
        ),
        effort="window",
    )
    deviations = (replace(one.deviations[0], cure=cure),)
    text = render(report(replace(one, deviations=deviations), hosts_missing=()))
    assert text.endswith(
        """\
Mail transport (MTA)  ✗ 1 failed
  ✗ FAIL    medium   Postfix offers SMTP AUTH only inside TLS
      a-control · T11
      • global: zimbraMtaTlsAuthOnly: FALSE → TRUE
        $ zmprov mcf zimbraMtaTlsAuthOnly TRUE
          (restarts mta)

1 failed, 0 not known · begin with: zmward explain a-control
"""
    )


def test_a_waiver_in_part_is_not_called_unknown() -> None:
    one = finding(reason="waived in part: cos:default")
    two = finding(reason="waived in part: cos:default; no answer from b")
    assert "waived in part: cos:default\n" in render(report(one))
    assert "not known: " not in render(report(one))
    assert "not known: no answer from b" in render(report(two))
