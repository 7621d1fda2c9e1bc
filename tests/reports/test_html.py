"""The page: whole, offline by policy, and deaf to what servers say."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.reports.samples import HOSTILE, exposure, finding, hostile, report, waived
from zmward.catalog.tips import TIPS
from zmward.change import SetAttr
from zmward.control import Status
from zmward.deviation import Deviation, Layer
from zmward.exposure import Exposure, Socket
from zmward.firewall.grid import Cell, Grid, Row
from zmward.i18n import Speaker
from zmward.reports.html.page import render
from zmward.reports.html.picture import picture
from zmward.reports.plain import visible

_DENYING = """\
> iptables legacy
*filter
:INPUT DROP [0:0]
-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT
COMMIT
> ip6tables legacy
*filter
:INPUT DROP [0:0]
COMMIT
> nft
{"nftables": []}
"""


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.shape: set[tuple[str, tuple[str, ...]]] = set()
        self.values: list[tuple[str, str, str]] = []
        self.text = ""
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.shape.add((tag, tuple(name for name, _ in attrs)))
        self.values += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] in self.inside and not self.text.endswith("\0"):
            self.inside[self.tags[-1]].append(data)
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.tags.append("")

    def all(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.values if attribute == name]


def hashed(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


HARMLESS = Page(render(hostile("harmless")))


def test_the_policy_allows_our_own_style_and_script_alone() -> None:
    page = Page(render(report()))
    policy = next(v for v in page.all("content") if "default-src" in v)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, contents in page.inside.items():
        assert page.tags.count(tag) == 1
        assert f"{tag}-src 'sha256-{hashed(''.join(contents))}'" in policy


def test_nothing_is_fetched() -> None:
    page = Page(render(report()))
    assert not page.all("src")
    assert not page.all("style")
    assert "link" not in page.tags
    assert "@import" not in "".join(page.inside["style"])
    assert "url(" not in "".join(page.inside["style"])
    for href in page.all("href"):
        assert re.match(r"#|https?://", href), href


def test_every_reference_leads_somewhere() -> None:
    page = Page(render(report(*report().findings, waived())))
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    for href in page.all("href"):
        if href.startswith("#"):
            assert href[1:] in ids
    labelled = page.all("aria-labelledby")
    assert set(labelled) <= set(ids)


def test_every_finding_and_every_tip_is_there() -> None:
    whole = report()
    page = Page(render(whole))
    assert page.tags.count("details") >= len(whole.findings)
    for one in whole.findings:
        assert one.title in page.text
        assert one.why in page.text
    for tip in TIPS:
        assert f"tip-{tip}" in page.all("id")


def test_a_finding_shows_its_repair_and_its_undoing() -> None:
    cure = SetAttr("account:o'hara@example.com", "zimbraPrefX", None, ("a b",))
    deviation = Deviation("account:o'hara@example.com", "x", "y", Layer.DECLARED, cure)
    one = finding(deviations=(deviation,), effort="decision", locks_out="somebody")
    page = Page(render(report(one)))
    quoted = "zmprov ma 'o'\"'\"'hara@example.com' zimbraPrefX"
    assert f"{quoted} 'a b'" in page.text
    assert f"{quoted} ''" in page.text
    assert "somebody" in page.text


def test_waivers_show_the_next_lapse() -> None:
    text = Page(render(report(waived("2026-12-24", "b"), waived(), lapsed=("old",))))
    assert re.search(r"Next lapse:\s+2026-12-01", text.text)
    assert "Lapsed: old" in text.text


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_text(words: str) -> None:
    page = Page(render(hostile(words)))
    assert page.tags.count("script") == HARMLESS.tags.count("script")
    # A reference to the web may become a plain one, and folds may differ in number.
    assert {tag for tag, _ in page.shape} <= {tag for tag, _ in HARMLESS.shape}
    assert page.shape <= HARMLESS.shape
    assert visible(words).split("\n")[0].strip() in page.text
    assert not [v for v in page.all("href") if not re.match(r"#|https?://", v)]


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=40, deadline=None)
def test_no_text_becomes_markup(words: str) -> None:
    text = render(hostile(words))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert Page(text).shape <= HARMLESS.shape


def test_a_report_without_anything_is_still_a_page() -> None:
    empty = replace(report(), findings=(), exposure=None, hosts_missing=())
    page = Page(render(empty))
    assert "Nothing failed and nothing is unknown." in page.text
    assert "svg" not in page.tags


def test_the_map_holds_every_listener_once() -> None:
    node = exposure().nodes[0]
    drawn = picture(node, Speaker())
    assert len(drawn.cells) == len(node.sockets)
    assert len({(cell.x, cell.y) for cell in drawn.cells}) == len(node.sockets)
    assert [row.text for row in drawn.rows][-1] == "the node itself (loopback)"
    by_port = {cell.words.split()[1]: cell.verdict for cell in drawn.cells}
    assert by_port["127.0.0.1:389"] == "local"
    assert by_port["*:7071"] == "open"
    for cell in drawn.cells:
        assert 0 < cell.x < drawn.width
        assert 0 < cell.y < drawn.height


def test_sockets_of_one_place_share_a_mark_the_worst() -> None:
    node = replace(
        exposure().nodes[0],
        sockets=(
            Socket("tcp", "127.0.0.1", 53, "named", "loopback", "local"),
            Socket("tcp", "::1", 53, "named", "loopback", "unknown"),
        ),
    )
    (cell,) = picture(node, Speaker()).cells
    assert cell.verdict == "unknown"
    assert cell.words.count("\n") == 1


def test_the_table_says_who_reaches_what() -> None:
    page = Page(render(report()))
    for word in ("Who reaches what", "internet", "memcached", "✗ open"):
        assert word in page.text
    assert "reach-amiss" in page.all("class")


def test_what_the_rules_close_is_shown_closed() -> None:
    page = Page(render(report(exposure=exposure(_DENYING))))
    cells = [value for value in page.all("class") if value.startswith("reach-")]
    assert cells.count("reach-closed") > cells.count("reach-open") > 0


def test_rules_that_are_not_known_are_no_picture() -> None:
    page = Page(render(report(exposure=exposure(None))))
    assert "by the rules that are loaded now" not in page.text
    assert "who reaches it is not known" in page.text
    assert "Not all rules are known" in page.text


def test_two_hundred_rows_are_enough() -> None:
    cells: tuple[Cell, ...] = ("open",)
    rows = tuple(Row("x", (f"tcp {n}",), cells) for n in range(1, 10_001))
    grid = Grid(("internet",), rows)
    node = replace(exposure().nodes[0], who=grid)
    page = Page(render(report(exposure=Exposure((node,)))))
    assert page.all("class").count("reach-open") == 201  # one of them the legend's
    assert "9800 more ports listen" in page.text


def test_statuses_and_layers_are_words_and_marks() -> None:
    text = Page(render(report(finding(), waived(), finding(status=Status.PASS)))).text
    for word in ("✗ failed", "~ waived", "✓ passed", "✗ declared", "- lasting"):
        assert word in text
