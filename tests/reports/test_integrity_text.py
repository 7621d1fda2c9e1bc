"""What changed, what a hunt found and what a path is, for a terminal."""

import msgspec
import pytest
from msgspec.structs import replace

from tests.reports.samples import HOSTILE
from tests.reports.test_integrity_page import check, hunt
from zmward.catalog.installation import Class
from zmward.integrity.node import Node
from zmward.reports import hunt_text, integrity_explained
from zmward.reports.integrity_json import AlarmShown, IntegrityShown, UnreadShown
from zmward.reports.integrity_text import render

PATH = "/opt/zimbra/x.jsp"


def lines(found: IntegrityShown, *, everything: bool = False) -> list[str]:
    text = render(found, width=80, color=False, everything=everything)
    assert all(len(line) <= 80 for line in text.splitlines())
    return text.splitlines()


def many(count: int) -> IntegrityShown:
    alarms = tuple(
        AlarmShown(f"{PATH}{n:03}", "code", "new-code", "new", "look", "")
        for n in range(count)
    )
    unread = tuple(UnreadShown(f"/u{n:03}", "denied") for n in range(count))
    return replace(check(), alarms=alarms, unread=unread)


def test_alarms_come_before_what_is_explained() -> None:
    found = lines(check())
    assert f"✗ {PATH}  code" in found
    order = [
        next(n for n, line in enumerate(found) if line.startswith(words))
        for words in ("✗", "?", "changed", "removed", "note", "1 path gives", "1 place")
    ]
    assert order == sorted(order)
    assert "1 by a package upgrade" in "\n".join(found)


def test_a_long_list_is_cut_unless_all_is_asked_for() -> None:
    short = "\n".join(lines(many(60)))
    assert short.count("and 20 more (--all)") == 2
    assert f"{PATH}059" not in short
    whole = "\n".join(lines(many(60), everything=True))
    assert f"{PATH}059" in whole
    assert "more (--all)" not in whole


def test_a_baseline_names_its_key_and_what_is_edited() -> None:
    found = replace(
        *(check(),),
        verb="baseline",
        **dict.fromkeys(("added", "changed", "removed", "alarms", "unread"), ()),
        edited=tuple(f"/e{n}" for n in range(7)),
        proved=5,
        public_key="PUBLIC",
        notes=(),
    )
    text = "\n".join(lines(found))
    for words in ("5 files are as", "the site has changed 7 (/e0", "…", "PUBLIC"):
        assert words in text, words
    assert text.endswith("no code differs from its package")


def test_an_acceptance_counts_what_it_took() -> None:
    found = replace(check(), verb="accept", accepted=("/a", "/b"))
    assert "accepted    2 changes were taken" in lines(found)


def test_a_hunt_shows_what_it_saw() -> None:
    text = hunt_text.text(hunt(), width=80, color=False)
    for words in ("✗ /opt", "? /opt", "| /opt", "3 files looked at: 1 alarms, 1 to"):
        assert words in text, words
    rows = tuple(
        hunt_text.HitShown(f"{PATH}{n}", "foreign-page", "alarm", "x", "y", "")
        for n in range(50)
    )
    cut = hunt_text.text(replace(hunt(), found=rows), width=80, color=True)
    assert "and 10 more (--all)" in cut
    assert "\x1b[" in cut


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_steers_the_terminal(hostile: str) -> None:
    texts = (
        render(check(hostile), width=80, color=False, everything=True),
        hunt_text.text(hunt(hostile), width=80, color=False),
    )
    for text in texts:
        assert all(char.isprintable() or char == "\n" for char in text)
        text.encode()


NODE = Node(
    *(PATH, "file", 0o4755, 0, 0, 1, 10**18, 10**18, 5, 6, 1, "d" * 64),
    flags=0x10,
    extra={"security.capability": "01"},
    unread="denied",
)


@pytest.mark.parametrize("as_shipped", [True, False, None])
def test_a_path_tells_all_that_is_known(*, as_shipped: bool | None) -> None:
    found = integrity_explained.shown(
        *(PATH, Class.CODE, "/**"),
        looked=False,
        package=("zimbra-store", "10.1.0"),
        as_shipped=as_shipped,
        nodes=(None, NODE),
        why_not="",
        judged=None,
        header=None,
        head="",
    )
    text = integrity_explained.text(found, width=300, color=False)
    wanted = {
        True: "10.1.0: as shipped",
        False: "10.1.0: not as shipped",
        None: "the package says nothing of its content",
    }
    for words in (
        *("4755", "flags 0x10", "security.capability=01", "not read: denied"),
        *("zmward does not record", "there is no baseline", wanted[as_shipped]),
    ):
        assert words in text, words
    assert msgspec.json.decode(integrity_explained.render(found))["class"] == "code"
