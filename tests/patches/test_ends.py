"""What ended is said on the first screen and on the page."""

from datetime import date

from msgspec.structs import replace

from tests.patches import made as of
from zmward.patches.ledger import Ledger
from zmward.reports import patches_text
from zmward.reports.html import patches_page


def ended(day: date) -> Ledger:
    found = of.made()
    node = replace(of.NODE, line_end=day, system="ubuntu 20.04", system_end=day)
    return replace(found, overview=replace(found.overview, nodes=(node,)))


def test_an_end_is_told_from_its_day_on() -> None:
    over = ended(date(2026, 11, 21))
    text = " ".join(patches_text.render(over).split())
    assert "Zimbra 10.1 gets no fixes since 2026-11-21" in text
    assert "ubuntu 20.04 gets no fixes since" in text
    assert "Zimbra 10.1 gets no fixes since" in patches_page.render(over)


def test_an_end_that_was_not_verified_says_who_tells_it() -> None:
    over = ended(date(2026, 11, 21))
    node = replace(over.overview.nodes[0], line_source="secondary texts that differ")
    told = replace(over, overview=replace(over.overview, nodes=(node,)))
    said = "gets no fixes since 2026-11-21 (by secondary texts that differ)"
    assert said in " ".join(patches_text.render(told, width=200).split())
    assert said in patches_page.render(told)


def test_an_end_to_come_is_not_told() -> None:
    later = ended(date(2026, 11, 22))
    assert "gets no fixes" not in patches_text.render(later)
    assert "gets no fixes" not in patches_page.render(later)
