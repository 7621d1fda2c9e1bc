"""The reports of open holes: complete, in order, harmless."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from tests.patches import made as of
from zmward.patches.ledger import Around
from zmward.patches.overview import Hole
from zmward.patches.standing import Standing
from zmward.profile import Patches
from zmward.reports import patches_json, patches_text, schema
from zmward.reports.html import patches_page

CONTRACT: dict[str, Any] = {
    "id": str,
    "status": str,
    "reason": str,
    "exploited": bool,
    "rating": str,
    "due": (str, type(None)),
    "overdue_days": (int, type(None)),
    "fixed_in": list,
    "mitigations": list,
}
MANY = tuple(
    of.hole(of.advisory(60000 + n, cvss=5.0), Standing.APPLIES) for n in range(90)
)


def test_the_document_keeps_the_contract() -> None:
    found = json.loads(patches_json.render(of.made()))
    assert found["schema"] == "zmward.patches/1"
    assert {"component", "version"} <= found["installed"][0].keys()
    for one in found["advisories"]:
        for name, kind in CONTRACT.items():
            assert isinstance(one[name], kind), name
    statuses = {one["status"] for one in found["advisories"]}
    assert statuses == {"applies", "not_applicable", "fixed", "unknown"}


def test_the_document_keeps_its_own_schema() -> None:
    jsonschema.validate(json.loads(patches_json.render(of.made())), schema.patches())


def test_a_component_in_doubt_names_all_its_levels() -> None:
    found = json.loads(patches_json.render(of.made()))
    assert found["installed"][1]["version"] == "10.1.15 or 10.1.16"


@pytest.mark.parametrize("holes", [(), of.ALL, MANY, (of.UNKNOWN,)])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_first_screen_fits(holes: tuple[Hole, ...], width: int) -> None:
    text = patches_text.render(of.made(holes), width=width)
    assert len(text.splitlines()) <= patches_text.SCREEN
    assert max(map(len, text.splitlines())) <= width


def test_the_first_screen_names_the_worst_and_counts_the_rest() -> None:
    lines = patches_text.render(of.made()).splitlines()
    first = next(line for line in lines if line.startswith("✗ CVE"))
    assert "CVE-2026-73570" in first
    assert "100 days late" in first
    assert any("attackers use it" in line for line in lines)
    assert any("10.1.21: closes 1 hole" in line for line in lines)
    assert any("--all shows each" in line for line in lines)


def test_all_shows_every_hole_with_its_reason() -> None:
    text = " ".join(patches_text.render(of.made(), everything=True).split())
    for one in of.ALL[:-1]:
        assert one.advisory.id in text
    assert "no date: nobody said when it became known" in text
    assert "treated as Medium" in text


def test_an_old_catalog_is_said_on_the_first_screen() -> None:
    ledger = of.made(site=Patches(catalog_days=1), now=of.NOW.replace(year=2027))
    assert "too old" in patches_text.render(ledger)


def test_nothing_unknown_looks_clean() -> None:
    text = patches_text.render(of.made((of.UNKNOWN,)))
    assert "? 1 hole could not be judged" in text
    assert "? CVE-2026-11111" in text
    for doubt in (of.made((of.UNKNOWN,)), of.made((of.FIXED,), hosts_missing=("x",))):
        assert "✓ no known hole" not in patches_text.render(doubt)
        assert "no known hole" not in patches_page.render(doubt)
    assert "✓ no known hole is open" in patches_text.render(of.made((of.FIXED,)))
    assert "✓ no known hole is open" in patches_page.render(of.made((of.FIXED,)))


@pytest.mark.parametrize("everything", [False, True])
def test_hostile_words_do_not_steer_the_terminal(*, everything: bool) -> None:
    ledger = of.made((of.HOSTILE,), host=of.EVIL, hosts_missing=(of.EVIL,))
    text = patches_text.render(ledger, everything=everything)
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_hostile_words_do_not_become_part_of_the_page() -> None:
    ledger = of.made((of.HOSTILE, *of.ALL), host=of.EVIL, hosts_missing=(of.EVIL,))
    page = patches_page.render(ledger)
    assert "<script" not in page
    assert not {"\x1b", "\x07", "\u202e"} & set(page)
    assert "default-src &#39;none&#39;" not in page
    assert "default-src 'none'" in page


def test_the_timeline_draws_each_dated_hole_inside_the_picture() -> None:
    page = patches_page.render(of.made())
    svg = page[page.index("<svg") : page.index("</svg>")]
    assert svg.count('class="time"') == 5
    assert svg.count('class="late"') == 5
    for x, width in re.findall(
        r'<rect class="\w+" x="(\d+)" y="\d+" width="(\d+)"', svg
    ):
        assert 170 <= int(x) < int(x) + int(width) <= 940


def test_what_has_no_room_in_the_timeline_is_counted() -> None:
    assert "Not drawn: 50." in patches_page.render(of.made(MANY))


def test_a_site_without_open_holes_has_no_timeline() -> None:
    assert "<svg" not in patches_page.render(of.made((of.FIXED,)))


def test_the_page_is_told_apart_from_files_of_others(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(patches_page.render(of.made()), "utf-8")
    assert "http" not in re.sub(r"http-equiv", "", path.read_text("utf-8"))


def test_a_young_catalog_has_no_age_below_zero() -> None:
    page = patches_page.render(of.made(now=of.NOW.replace(year=2025)))
    assert "younger than the day that is judged" in page
    assert "days old" not in page


def test_a_high_one_that_is_not_late_is_due_at_once() -> None:
    text = patches_text.render(
        of.made((of.EXPLOITED,), now=of.NOW.replace(month=8, day=13))
    )
    assert "due 2026-08-13, at once" in text


def test_since_when_a_hole_is_listed_as_used_is_told() -> None:
    ledger = of.made()
    said = "in CISA's list of exploited holes since 2026-08-21"
    assert said in " ".join(patches_text.render(ledger, everything=True).split())
    assert "since 2026-08-21" in patches_page.render(ledger)
    rows = json.loads(patches_json.render(ledger))["advisories"]
    assert [one["listed"] for one in rows if one["listed"]] == ["2026-08-21"]


def test_what_contradicts_itself_is_told_and_no_list_of_it_hides_the_rest() -> None:
    found = of.made()
    notes = tuple(f"doubt {number} {of.EVIL}" for number in range(9))
    node = replace(of.NODE, notes=notes, origin="build 4200001: of somebody")
    ledger = replace(found, overview=replace(found.overview, nodes=(node,)))
    text = patches_text.render(ledger)
    assert "doubt 2" in text
    assert "doubt 3" not in text
    assert "and 6 more doubts" in text
    assert "holes are open" in text
    assert "build 4200001" in text
    assert "\x1b" not in text
    assert len(text.splitlines()) <= patches_text.SCREEN
    page = patches_page.render(ledger)
    assert "doubt 8" in page
    assert "<script>alert" not in page
    shown = json.loads(patches_json.render(ledger))["nodes"]
    assert len(shown[0]["doubts"]) == 9


def test_what_keeps_patches_away_stands_in_every_report() -> None:
    around = (Around("kernel-newest-runs", "The newest kernel runs", of.EVIL * 9),)
    ledger = replace(of.made(), around=around)
    text = patches_text.render(ledger)
    assert "✗ not so: The newest kernel runs (kernel-newest-runs)" in text
    assert "\x1b" not in text
    page = patches_page.render(ledger)
    assert "kernel-newest-runs" in page
    assert "<script>alert" not in page
    found = json.loads(patches_json.render(ledger))
    assert found["around"][0]["control"] == "kernel-newest-runs"
    jsonschema.validate(found, schema.patches())
