"""Events to reports, for the tests of what reports say."""

from collections.abc import Sequence

from tests.logs.files import ROME
from zmward.logs.event import Event
from zmward.logs.joined import joined
from zmward.logs.report import LogReport, report
from zmward.logs.tally import Tally
from zmward.profile import Logs


def told(events: Sequence[Event], logs: Logs | None = None) -> LogReport:
    """Return the report on events, which stand in the order of time."""
    tally = Tally(logs or Logs())
    tally.add(joined(events))
    sums = (len(events), len(events), 0)
    return report(tally, logs or Logs(), ROME, counts=sums, files=("x",), notes=())
