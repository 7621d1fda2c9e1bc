"""The page in a real browser: it asks nobody, complains of nothing, and works."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reports.samples import finding, hostile, report, waived
from zmward.control import Severity, Status
from zmward.finding import Report
from zmward.reports.html.page import render

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None and os.environ.get("CI") != "true":
    pytest.skip("chromium is not installed", allow_module_level=True)

from playwright.sync_api import Page, sync_playwright  # noqa: E402  # after the skip

pytestmark = pytest.mark.browser

# Flags that keep the browser itself from asking the network anything.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SHOWN = "details.finding:not([hidden])"


class Watched:
    """A page, what it asked for, and what it complained of."""

    def __init__(self, page: Page, directory: Path) -> None:
        self.page = page
        self.path = directory / "report.html"
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))

    def show(self, whole: Report, fragment: str = "") -> Page:
        self.path.write_text(render(whole), "utf-8")
        self.page.goto(f"file://{self.path}{fragment}")
        return self.page


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    directory = tmp_path_factory.mktemp("browser")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            directory / "user",
            executable_path=CHROMIUM,
            args=list(FLAGS),
            color_scheme="light",
            viewport={"width": 1200, "height": 900},
        )
        context.set_default_timeout(20_000)
        yield Watched(context.new_page(), directory)
        context.close()


@pytest.fixture
def watched(browser: Watched) -> Iterator[Watched]:
    browser.requests.clear()
    browser.complaints.clear()
    yield browser
    assert {url.partition("#")[0] for url in browser.requests} == {
        f"file://{browser.path}"
    }
    assert browser.complaints == []


def sample() -> Report:
    """Return a report with one finding of each kind."""
    return report(
        finding("low-one", severity=Severity.LOW, title="A low thing", tips=("T02",)),
        finding("high-one", severity=Severity.HIGH, title="A high thing", topic="ssh"),
        finding("unsure", status=Status.UNKNOWN, reason="no answer"),
        finding("fine", status=Status.PASS, deviations=(), title="A good thing"),
        waived(),
    )


def test_it_opens_with_what_needs_attention(watched: Watched) -> None:
    page = watched.show(sample())
    assert page.title() == "mail.example.com · zmward"
    assert page.locator(SHOWN).count() == 4
    assert page.locator("#shown").inner_text() == "4 of 5 findings"
    assert page.locator("#fine").is_hidden()
    assert page.evaluate("document.activeElement === document.body")


def test_filters_and_search_narrow_the_findings(watched: Watched) -> None:
    page = watched.show(sample())
    page.get_by_label("✓ passed").check()
    assert page.locator(SHOWN).count() == 5
    page.get_by_label("low", exact=True).uncheck()
    assert page.locator("#low-one").is_hidden()
    page.get_by_role("button", name="Show all").click()
    page.locator("select[name=tip]").select_option("T02")
    assert page.locator(SHOWN).evaluate_all("all => all.map(one => one.id)") == [
        "low-one"
    ]
    page.get_by_role("button", name="Show all").click()
    page.keyboard.press("Escape")
    page.locator("body").press("/")
    page.keyboard.type("HIGH thing")
    assert page.locator(SHOWN).evaluate_all("all => all.map(one => one.id)") == [
        "high-one"
    ]
    assert page.locator("section.topic:not([hidden])").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(SHOWN).count() == 5


def test_a_topic_is_one_click_away(watched: Watched) -> None:
    page = watched.show(sample())
    page.get_by_role("button", name="SSH").click()
    assert page.locator(SHOWN).count() == 1


def test_a_finding_opens_by_click_key_and_link(watched: Watched) -> None:
    page = watched.show(sample())
    page.locator("#low-one > summary").click()
    assert page.get_by_text("Somebody must wait.").first.is_visible()
    page.locator("#unsure > summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("#unsure").evaluate("one => one.open")
    page.locator(".now a").first.click()
    assert page.locator("#high-one").evaluate("one => one.open")
    page = watched.show(sample(), "#fine")
    page.wait_for_function("document.getElementById('fine').open")
    assert page.locator("#fine").is_visible()


def background(page: Page) -> str:
    found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


def test_the_theme_follows_the_system_until_it_is_chosen(watched: Watched) -> None:
    page = watched.show(sample())
    light = background(page)
    page.emulate_media(color_scheme="dark")
    dark = background(page)
    assert light != dark
    button = page.locator("#theme")
    button.click()
    assert background(page) == light
    page.emulate_media(color_scheme="light")
    button.click()
    assert button.inner_text() == "Theme: dark"
    assert background(page) == dark
    button.click()
    assert background(page) == light


CONTRAST = """
() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  for (const node of document.querySelectorAll("main *, header *")) {
    const own = Array.from(node.childNodes).some(
      (child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || node.closest("svg, option") || !node.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${node.tagName}.${node.className}: ${ratio}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(watched: Watched, scheme: str) -> None:
    page = watched.show(sample())
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("button", name="Open shown").click()
    assert page.evaluate(CONTRAST) == []
    page.emulate_media(color_scheme="light")


def test_every_control_has_a_name(watched: Watched) -> None:
    page = watched.show(sample())
    nameless = page.locator("button, input, select, summary, a").evaluate_all(
        """all => all.filter((one) => !(one.innerText || one.textContent).trim()
          && !one.getAttribute("aria-label") && !(one.labels && one.labels.length))
          .map((one) => one.outerHTML)"""
    )
    assert nameless == []


def test_it_prints_with_everything_open(watched: Watched) -> None:
    page = watched.show(sample())
    opened = page.evaluate(
        """() => { dispatchEvent(new Event("beforeprint"));
          const open = document.querySelectorAll("details.finding[open]").length;
          dispatchEvent(new Event("afterprint")); return open; }"""
    )
    assert opened == 5
    assert page.locator("details[open]").count() == 0
    content = page.pdf()
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 2


def test_a_narrow_screen_needs_no_sideways_scroll(watched: Watched) -> None:
    page = watched.show(sample())
    page.set_viewport_size({"width": 360, "height": 700})
    page.get_by_role("button", name="Open shown").click()
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1200, "height": 900})
    assert width <= 360


def test_the_real_report_loads(watched: Watched, tmp_path: Path) -> None:
    page = watched.show(report())
    assert page.locator("details.finding").count() == len(report().findings)
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    assert (tmp_path / "page.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    "words",
    [
        "</script><script>alert(1)</script>",
        '"><img src="https://example.com/x" onerror="alert(2)">',
        "<svg onload=alert(3)>",
        "\u202egnp.exe \x1b[2J",
    ],
)
def test_hostile_words_run_nothing(watched: Watched, words: str) -> None:
    page = watched.show(hostile(words))
    page.get_by_role("button", name="Open shown").click()
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
