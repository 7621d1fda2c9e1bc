"""Nothing is in time because nobody knows its day, or because our builds are old."""

from datetime import UTC, date, datetime

from tests.examples import evidence_of
from tests.patches import made as of
from zmward.catalog.advisories import Active, Advisories, Advisory, Fix
from zmward.catalog.conditions import ByHand
from zmward.control import Control, Status, passes
from zmward.controls.version import zimbra_build_newest_known as newest
from zmward.controls.version.zimbra_holes_closed_in_time import CONTROL
from zmward.facts import Facts
from zmward.finding import judge
from zmward.profile import Profile

CORE = "10.1.0.GA.4655.UBUNTU22.64"
LATER = (Fix("10.1", "10.1.22", "10.1.22"),)


def judged(row: Advisory, patch: str, control: Control = CONTROL) -> Status:
    """Judge a server by a catalog that holds this one hole."""
    packages = {"zimbra-core": CORE, "zimbra-store": CORE, "zimbra-patch": patch}
    facts = Facts(
        evidence_of(passes(packages=packages, services=("mailbox",))),
        Profile(),
        datetime(2026, 11, 21, 12, tzinfo=UTC),
        Active(Advisories(date(2026, 11, 21), (row,)), serial=1),
    )
    return judge(control, facts).status


def test_an_open_hole_without_a_day_is_not_in_time() -> None:
    row = of.advisory(1, published=None, fixes=(Fix("10.1", "10.1.3", "10.1.3"),))
    assert judged(row, "10.1.2.1728345600-1") is Status.UNKNOWN
    assert judged(row, "10.1.21.1789981200-1") is Status.PASS


def test_the_newest_build_that_we_know_is_old_where_the_catalog_knows_more() -> None:
    row = of.advisory(2, fixes=LATER, condition=ByHand("look"))
    assert judged(row, "10.1.21.1789981200-1") is Status.UNKNOWN
    assert judged(row, "10.1.22.1794000000-1") is Status.PASS


def test_the_newest_build_may_be_known_from_the_catalog_alone() -> None:
    row = of.advisory(3, fixes=LATER)
    assert judged(row, "10.1.21.1789981200-1", newest.CONTROL) is Status.FAIL
    assert judged(row, "10.1.22.1794000000-1", newest.CONTROL) is Status.PASS
