"""Draws the pictures of docs/images: the demo's first screen, its plan, its page.

Run as `python -m docs.pictures [EVIDENCE]`; the page needs Debian's chromium.
"""

import io
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from zmward.controls.registry import controls
from zmward.demo.sample import recorded as demo
from zmward.engine.audit import audit
from zmward.evidence import decode
from zmward.facts import Facts
from zmward.finding import Report, moment
from zmward.plan import plan
from zmward.profile import Profile
from zmward.reports.html.page import render
from zmward.reports.plan_text import render as as_plan
from zmward.reports.text import render as as_text

IMAGES = Path(__file__).parent / "images"
WIDTH, LINES = 80, 23
PLAN_LINES = 40
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
# Rich's own frame loads a font from the network; this one asks for none.
_FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg"
  role="img" aria-label="The first screen of zmward @verb@">
<style>
.{unique_id}-matrix {{ font: {char_height}px "DejaVu Sans Mono", Menlo, Consolas,
  monospace; line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
<rect width="100%" height="100%" rx="8" fill="#14171c"/>
<g transform="translate(12, 12)">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def report(path: str | None) -> Report:
    """Return the demo's report, or that of another evidence file."""
    evidence = decode(Path(path).read_bytes(), path) if path else demo()
    return audit(evidence, controls().values(), Profile())


def drawn(text: str, lines: int, verb: str) -> str:
    """Return the first lines of what a verb prints as SVG."""
    first = "\n".join(text.splitlines()[:lines])
    console = Console(record=True, width=WIDTH, file=io.StringIO(), _environ={})
    console.print(Text.from_ansi(first))
    frame = _FRAME.replace("@verb@", verb)
    return console.export_svg(code_format=frame, unique_id="zmward")


def screen(shown: Report) -> str:
    """Return the first screen of the report."""
    return drawn(as_text(shown, width=WIDTH, color=True), LINES, "audit")


def plan_screen() -> str:
    """Return the first screen of the plan of one repair on several objects."""
    evidence = demo()
    facts = Facts(evidence, Profile(), moment(evidence.when))
    made = audit(evidence, controls().values(), Profile())
    wanted = ("mta-ciphers-of-medium-strength", "same-site-cookies")
    text = as_plan(plan(made, only=wanted, facts=facts), width=WIDTH, color=True)
    return drawn(text, PLAN_LINES, "plan")


def page(shown: Report, target: Path) -> None:
    """Take a picture of the page's first screen."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # it is slow

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "report.html"
        source.write_text(render(shown), "utf-8")
        context = playwright.chromium.launch_persistent_context(
            f"{directory}/user",
            executable_path="/usr/bin/chromium",
            args=list(_FLAGS),
            viewport={"width": 1100, "height": 1250},
        )
        tab = context.new_page()
        tab.goto(source.as_uri())
        tab.screenshot(path=target)
        context.close()


def main(path: str | None) -> None:
    """Draw them all."""
    IMAGES.mkdir(exist_ok=True)
    shown = report(path)
    (IMAGES / "first-screen.svg").write_text(screen(shown), "utf-8")
    (IMAGES / "plan.svg").write_text(plan_screen(), "utf-8")
    page(shown, IMAGES / "report.png")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
