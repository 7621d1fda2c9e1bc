"""The page on logs in a real browser: it asks nobody and can be read everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.logs.week import week
from tests.reports.test_browser import CHROMIUM, CONTRAST, FLAGS
from zmward.logs.seen import LineSeen
from zmward.reports.html.logs_page import render

from playwright.sync_api import Page, sync_playwright  # isort: skip  # after the skip

pytestmark = pytest.mark.browser


class _Shown:
    """The page, what it asked for and what it complained of."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page, self.path = page, path
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def show(self, words: str = "curl/8.5") -> Page:
        line = LineSeen("source 2001:db8::66", "mailbox", f"a line {words}")
        found = replace(week(words), evidence=(line,))
        self.path.write_text(render(found, "mail.example.com"), "utf-8")
        self.page.goto(f"file://{self.path}")
        return self.page


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Shown]:
    directory = tmp_path_factory.mktemp("logs-browser")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            directory / "user",
            executable_path=CHROMIUM,
            args=list(FLAGS),
            color_scheme="light",
            viewport={"width": 1200, "height": 900},
        )
        context.set_default_timeout(20_000)
        yield _Shown(context.new_page(), directory / "logs.html")
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(shown: _Shown, scheme: str) -> None:
    page = shown.show()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    assert page.evaluate(CONTRAST) == []
    page.emulate_media(color_scheme="light")


def test_the_charts_are_drawn_within_their_frames(shown: _Shown) -> None:
    page = shown.show()
    assert page.locator("svg.chart").count() == 5
    outside = page.locator("svg.chart text, svg.chart rect").evaluate_all(
        """all => all.filter((one) => {
          const [own, frame] = [one, one.ownerSVGElement].map(
            (node) => node.getBoundingClientRect());
          return own.left < frame.left - 1 || own.right > frame.right + 1
            || own.bottom > frame.bottom + 1; }).map((one) => one.outerHTML)"""
    )
    assert outside == []


def test_a_narrow_screen_needs_no_sideways_scroll(shown: _Shown) -> None:
    page = shown.show()
    page.set_viewport_size({"width": 360, "height": 700})
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1200, "height": 900})
    assert width <= 360


def test_lines_open_by_key(shown: _Shown) -> None:
    page = shown.show()
    summary = page.locator("#sources details.evidence > summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("a line curl/8.5").is_visible()


@pytest.mark.parametrize(
    "words",
    [
        "</pre><script>alert(1)</script>",
        '"><img src="https://example.com/x" onerror="alert(2)">',
        "\u202egnp.exe \x1b[2J",
    ],
)
def test_hostile_words_run_nothing(shown: _Shown, words: str) -> None:
    shown.requests.clear()
    shown.complaints.clear()
    page = shown.show(words)
    assert page.locator("img, script").count() == 0
    assert shown.requests == [f"file://{shown.path}"]
    assert shown.complaints == []
