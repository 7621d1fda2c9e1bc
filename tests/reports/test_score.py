"""The score is flattered neither by what is unknown nor by what is waived."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.reports.samples import finding, report
from zmward.control import Severity, Status
from zmward.finding import Finding
from zmward.reports.score import score

FINDINGS = st.lists(
    st.builds(
        lambda status, severity: finding(status=status, severity=severity),
        st.sampled_from(Status),
        st.sampled_from(Severity),
    ),
    min_size=1,
    max_size=12,
)


def turned(findings: list[Finding], place: int, status: Status) -> list[Finding]:
    changed = list(findings)
    changed[place] = replace(changed[place], status=status)
    return changed


@given(FINDINGS, st.data())
def test_knowing_less_never_raises_the_score(
    findings: list[Finding], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(findings) - 1))
    for less in (Status.UNKNOWN, Status.WAIVED):
        if findings[place].status is not Status.NOT_APPLICABLE:
            changed = turned(findings, place, less)
            assert score(report(*changed)) <= score(report(*findings))


@given(FINDINGS)
def test_only_a_report_without_any_doubt_is_worth_all(findings: list[Finding]) -> None:
    if score(report(*findings)) == 100:
        good = {Status.PASS, Status.NOT_APPLICABLE}
        assert {one.status for one in findings} <= good


def test_nothing_judged_is_worth_nothing() -> None:
    assert score(report(finding(status=Status.NOT_APPLICABLE))) == 0
