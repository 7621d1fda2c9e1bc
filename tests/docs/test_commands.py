"""Every command of the README, the first steps and the guides, run by a shell."""

from pathlib import Path

import pytest

from tests.docs.session import Run, blocks, matches, walk, walked
from zmward.engine.profiles import convert, parse

# Those that take longest: `make proofs` follows them too.
LONG = {
    *("keep-your-configuration-in-git", "patch-in-time", "repair-a-server"),
    *("plan-a-repair", "whitelist-a-cluster"),
}
PAGES = [
    pytest.param(page, marks=[pytest.mark.proof] if page.stem in LONG else [])
    for page in walked()
]


def test_the_pages_that_take_long_exist() -> None:
    assert {page.stem for page in walked()} >= LONG


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in walked()])
def test_a_page_can_be_followed(page: Path, room: Path, run: Run) -> None:
    walk(page, room, run, compared={"": True, "lab": False, "server": False})


@pytest.mark.parametrize("page", walked(), ids=lambda path: path.stem)
def test_every_piece_of_a_profile_is_one(page: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            convert(parse(block.text, page.name), block.text, page.name)


def test_an_ellipsis_stands_for_any_lines() -> None:
    assert matches(("a", "…", "d…"), "a\nb\nc\ndone\n")
    assert not matches(("a", "d"), "a\nb\nd\n")
    assert not matches(("a",), "b\n")
