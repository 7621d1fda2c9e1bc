"""What people read after a run, and in the history."""

from datetime import UTC, datetime, timedelta

import pytest

from zmward.i18n import Speaker
from zmward.reports.run_words import (
    Judged,
    Outcome,
    Row,
    RunReport,
    Way,
    age,
    applied,
    past,
    rolled_back,
    verified,
)

RUN = "20261121T120000Z-1a2b"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SAY = Speaker()
REPORT = RunReport(
    "apply",
    RUN,
    "root@mail",
    sample=False,
    state="kept",
    changes=(Outcome("a", "done"),),
)


def test_the_way_back_can_be_typed() -> None:
    text = "\n".join(applied(REPORT, Way("root@mail"), SAY))
    assert text.startswith(f"run {RUN}: applied\n")
    assert f"zmward --host root@mail rollback {RUN}" in text
    assert "1 change, read back" in text


def test_what_is_not_so_is_said_once_with_its_reason() -> None:
    report = RunReport(
        *("apply", RUN, "here", False, "kept"),
        controls=(
            Judged("good", "PASS"),
            Judged("bad", "FAIL"),
            Judged("other", "FAIL", "left for you: x"),
            Judged("dark", "UNKNOWN", "no answer"),
        ),
        failing=("bad: global",),
        unknown=("dark: no answer",),
    )
    text = "\n".join(applied(report, Way(), SAY))
    assert "1 of 4 controls of the plan pass" in text
    assert "still not so           bad: global" in text
    assert "could not be verified  dark: no answer" in text
    assert "FAIL other: left for you: x" in text
    assert text.count("dark") == 1
    assert text.count("bad") == 1


def test_services_and_the_switch_are_named() -> None:
    report = RunReport(
        *("apply", RUN, "here", True, "unconfirmed"),
        not_restarted=("mailbox",),
        confirm_within=60,
    )
    text = "\n".join(applied(report, Way(sample=True), SAY))
    assert "not restarted          mailbox" in text
    assert f"within 60 s, from a new login: zmward confirm --demo {RUN}" in text
    assert "else all is taken back" in text


def test_a_rollback_names_each_change_and_the_sum() -> None:
    outcomes = (
        Outcome("x", "undone"),
        Outcome("y\x1b[2J", "kept", "changed by another hand since"),
        Outcome("z", "not-undone", "no"),
    )
    report = RunReport(
        "rollback", RUN, "here", sample=False, state="incomplete", changes=outcomes
    )
    text = "\n".join(rolled_back(report, SAY))
    assert "left alone         y\\x1b[2J: changed by another hand since" in text
    assert "NOT taken back     z: no" in text
    assert text.endswith(f"run {RUN}: 1 taken back, 1 left alone, 1 NOT taken back")
    assert "\x1b" not in text


def test_a_rollback_of_nothing_says_so() -> None:
    report = RunReport("rollback", RUN, "here", sample=False, state="rolled back")
    assert "nothing had been done" in "\n".join(rolled_back(report, SAY))


def test_verify_gives_reasons() -> None:
    report = RunReport(
        *("verify", RUN, "here", False, "kept"),
        controls=(Judged("dark", "UNKNOWN", "no answer"),),
        unknown=("dark: no answer",),
    )
    lines = list(verified(report, SAY))
    assert lines[0] == "UNKNOWN         dark (no answer)"
    assert lines[1] == "could not be verified: dark: no answer"


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=90), "a minute ago"),
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(hours=30), "30 hours ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_age_is_in_the_largest_unit(ago: timedelta, said: str) -> None:
    assert age((NOW - ago).isoformat(), NOW, SAY) == said


def test_a_time_that_is_none_has_no_age() -> None:
    assert age("", NOW, SAY) == ""
    assert age("2026-11-21T12:00:00", NOW, SAY) == ""


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("kept", ("rollback",)),
        ("unconfirmed", ("confirm", "rollback")),
        ("interrupted", ("rollback",)),
        ("rolled back in part", ("rollback",)),
        ("rolled back", ()),
        ("rolled back by its switch", ()),
        ("nothing done", ()),
    ],
)
def test_the_history_names_what_is_next(state: str, verbs: tuple[str, ...]) -> None:
    rows = (Row(RUN, state, 2, NOW.isoformat(), "root@admin"),)
    lines = list(past(rows, Way(), NOW, SAY))
    assert lines[0].startswith(f"{RUN}  {state}")
    assert lines[0].endswith("2 changes · just now · root@admin")
    assert [line.split("zmward ")[1].split()[0] for line in lines[1:]] == list(verbs)


def test_a_hostile_name_steers_no_terminal() -> None:
    row = Row(RUN, "kept", 1, NOW.isoformat(), "root\x1b[2J@\u202eadmin")
    text = "\n".join(past((row,), Way("root@mail"), NOW, SAY))
    assert "root\\x1b[2J@\\u202eadmin" in text
    assert "\x1b" not in text


def test_no_run_is_said() -> None:
    assert list(past((), Way(), NOW, SAY)) == [
        "No run of zmward is recorded on this host."
    ]
