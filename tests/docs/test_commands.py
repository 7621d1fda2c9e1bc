"""Every command of the README, the first steps and the guides, run by a shell."""

from pathlib import Path

import pytest

from tests.docs.session import Run, blocks, matches, walk, walked
from zmward.engine.profiles import convert, parse


@pytest.mark.parametrize("page", walked(), ids=lambda path: path.stem)
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
