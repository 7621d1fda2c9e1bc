"""One number for a report, which nothing unknown can flatter."""

from zmward.control import Severity, Status
from zmward.finding import Report

_WEIGHT = {
    Severity.CRITICAL: 10,
    Severity.HIGH: 5,
    Severity.MEDIUM: 2,
    Severity.LOW: 1,
}


def score(report: Report) -> int:
    """Return the share of what is known to be sound, by weight, 0 to 100.

    UNKNOWN and WAIVED count as unsound; what does not apply does not count.
    """
    counted = [f for f in report.findings if f.status is not Status.NOT_APPLICABLE]
    whole = sum(_WEIGHT[f.severity] for f in counted)
    good = sum(_WEIGHT[f.severity] for f in counted if f.status is Status.PASS)
    return 100 * good // whole if whole else 0
