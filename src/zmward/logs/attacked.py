"""Whether a report on logs tells of an attack."""

from typing import Final

from zmward.logs.report import LogReport

HARMLESS: Final = frozenset(("few", "shared", "probing", "no-history"))


def attacked(found: LogReport) -> bool:
    """Return whether anything in the report is an attack or its success."""
    verdicts = {one.verdict for one in found.sources}
    verdicts |= {one.verdict for one in found.accounts}
    verdicts |= {one.verdict for one in found.recipients}
    verdicts |= {one.verdict for one in found.preauth}
    verdicts |= {one.verdict for one in found.sending}
    return bool(
        verdicts - HARMLESS
        or found.hours_attacked
        or found.indicators
        or found.impossible_sessions
    )
