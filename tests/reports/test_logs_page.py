"""The page on logs: whole, offline by policy, and deaf to what attackers say."""

import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from tests.logs.files import CALLER, good, read
from tests.logs.told import told
from tests.logs.week import week
from tests.reports.samples import HOSTILE
from zmward.logs.seen import LineSeen
from zmward.reports.html.logs_charts import FLOOR, bars, times
from zmward.reports.html.logs_page import render
from zmward.reports.plain import visible


class _Page(HTMLParser):
    """The texts and the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name in {"src", "href", "onload"}][1:]
        assert tag not in {"script", "img", "iframe", "object", "link", "form"}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_everything_that_was_found_is_there() -> None:
    text = " ".join(" ".join(_Page(render(week(), "mail.example.com")).texts).split())
    for words in (
        "1 account may be taken",
        "1 account is used from too many networks at once",
        "1 account sends unusually much",
        "2 signs of exploitation",
        "admin@example.com 198.51.100.7",
        "CVE-2022-37042",
        "mboximport?ow=1",
        "zimbraHttpThrottleSafeIPs",
        "zimbraMailTrustedIP",
        "portal.example",
        "192.0.2.77",
        "192.0.2.78",
        "60.0.0.0/16",
        "By protocol",
        "By network",
        "By source",
        "By account",
    ):
        assert words in text, words


def test_what_was_not_read_is_no_peace() -> None:
    quiet = told(read("audit", good(f"oip={CALLER};soapId=1;")))
    assert "✓ no attack by these thresholds" in render(quiet, "mail.example.com")
    page = render(replace(quiet, notes=("x ends early",)), "mail.example.com")
    assert "✓ no attack" not in page
    assert "? no attack by these thresholds, but see the notes" in page


def test_nothing_is_loaded_and_nothing_runs() -> None:
    page = render(week(), "mail.example.com")
    assert "default-src 'none'" in page
    assert not re.search(r"https?://(?!\S*</)|url\(|@import", page.split("<style>")[2])
    assert page.count("<style>") == 2


def test_no_login_at_all_is_a_question() -> None:
    page = render(told([]), "h")
    assert "are these all logs?" in page
    assert "no attack" not in page
    assert "<svg" not in page


@pytest.mark.parametrize("words", HOSTILE)
def test_what_attackers_say_is_only_text(words: str) -> None:
    found = week(words)
    line = LineSeen("source 198.51.100.7", "audit", words)
    parsed = _Page(render(replace(found, evidence=(line,)), words))
    assert [text for text in parsed.texts if visible(words) in text]
    plain = _Page(render(week(), "h")).tags
    assert set(parsed.tags) <= {*plain, "details", "summary", "pre"}


def test_lines_stand_below_their_finding() -> None:
    found = week()
    line = LineSeen("win admin@example.com 198.51.100.7", "audit", "the line itself")
    page = render(replace(found, evidence=(line,)), "h")
    begin, end = page.index('id="wins-head"'), page.index('id="sessions-head"')
    assert begin < page.index("the line itself") < end


class TestTimes:
    def test_columns_stand_on_the_floor_and_the_highest_is_told(self) -> None:
        drawn = times([(f"2024-11-05T{hour:02}:00:00+01:00", hour) for hour in (1, 9)])
        assert drawn
        assert (drawn.hours, drawn.most) == (1, 9)
        assert [one.y + one.height for one in drawn.columns] == [FLOOR, FLOOR]
        assert drawn.columns[0].height * 8 < drawn.columns[1].height
        assert drawn.columns[1].words == "2024-11-05 09:00, 1 h: 9"

    def test_a_long_time_has_wider_columns(self) -> None:
        some = [(f"2024-{month:02}-01T00:00:00+00:00", 5) for month in range(1, 12)]
        drawn = times(some)
        assert drawn
        assert drawn.hours == 72
        assert drawn.most == 5
        assert 2 <= len(drawn.across) <= 8

    def test_years_have_columns_too(self) -> None:
        some = [(f"{year}-01-01T00:00:00+00:00", 5) for year in range(2000, 2024)]
        drawn = times(some)
        assert drawn
        assert len(drawn.columns) == 24

    def test_nothing_is_no_picture(self) -> None:
        assert times([]) is None
        assert bars([]) is None
        assert bars([("x", 0, "mild", "x")]) is None


def test_ten_bars_are_drawn_and_the_rest_is_counted() -> None:
    drawn = bars([(f"n{n}", 100 - n, "mild", "x") for n in range(12)])
    assert drawn
    assert (len(drawn.bars), drawn.more) == (10, 2)
    assert drawn.bars[0].length > drawn.bars[9].length
