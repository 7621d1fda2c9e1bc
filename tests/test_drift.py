"""Drift: what got worse, better, other, and what came or went."""

import pytest

from zmward.control import Status
from zmward.drift import Stored, StoredDeviation, StoredFinding, decode, diff
from zmward.errors import BadFile

A = StoredDeviation("cos:default", "TRUE")
B = StoredDeviation("cos:staff", "TRUE")


def finding(status: Status, *deviations: StoredDeviation) -> StoredFinding:
    return StoredFinding("a", "It is so", "high", status, deviations)


def report(*findings: StoredFinding) -> Stored:
    return Stored("zmward.report/1", "h", "2026-11-21", findings)


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        (finding(Status.PASS), finding(Status.FAIL, A), "worse"),
        (finding(Status.PASS), finding(Status.UNKNOWN), "worse"),
        (finding(Status.FAIL, A), finding(Status.PASS), "better"),
        (finding(Status.FAIL, A), finding(Status.FAIL, B), "changed"),
    ],
)
def test_each_change_has_its_kind(
    was: StoredFinding, now: StoredFinding, kind: str
) -> None:
    (drift,) = diff(report(was), report(now))
    assert drift.kind == kind


def test_nothing_changes_nothing() -> None:
    same = report(finding(Status.FAIL, A))
    assert diff(same, same) == ()


def test_what_came_and_went_is_named() -> None:
    (new,) = diff(report(), report(finding(Status.FAIL, A)))
    assert (new.kind, new.was, new.appeared) == ("new", None, (A,))
    (gone,) = diff(report(finding(Status.FAIL, A)), report())
    assert (gone.kind, gone.now, gone.vanished) == ("gone", None, (A,))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"schema":"x","host":"","when":"","findings":[]}']
)
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises(BadFile, match=r"old\.json"):
        decode(content, "old.json")
