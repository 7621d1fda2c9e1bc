"""What the pages say exists: links, verbs, options, controls, targets, other pages."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from docs.generate import PAGES
from docs.generate import ROOT as DOCS

from tests.docs.session import ROOT, blocks, pages, walked
from zmward.cli.main import _COMING, VERBS, main
from zmward.controls.registry import controls
from zmward.engine.profiles import convert, parse

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(r'(?:zmward explain|--only|control =) "?([a-z0-9][a-z0-9,-]+)')
_SEPARATORS = {"|", ">", "<", ";", "&&", "||", "2>"}
_BY_HAND = [path for path in pages() if path.relative_to(ROOT).parts[0] == "README.md"]
_BY_HAND += [
    path
    for path in pages()
    if str(path.relative_to(DOCS.parent))
    not in {str(Path("docs") / name) for name in PAGES}
    and path not in _BY_HAND
]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", pages(), ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(_FENCED.sub("", page.read_text("utf-8"))):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert path.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(path), target


def test_every_page_is_on_the_map() -> None:
    text = (ROOT / "docs/README.md").read_text("utf-8")
    linked = {(DOCS / target).resolve() for target in _LINK.findall(text)}
    for page in pages():
        if page.parent.name != "decisions" and page.name != "README.md":
            assert page in linked, named(page)


def options(command: click.Command) -> set[str]:
    found = {name for one in command.params for name in one.opts}
    if isinstance(command, click.Group) and command is not main:
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found |= options(inner)
    return found | {"--help", "-h"}


def commands(page: Path) -> Iterator[list[str]]:
    """Yield each command line that begins with zmward, from blocks and spans."""
    text = page.read_text("utf-8")
    for block in blocks(page):
        if block.language in ("sh", "console"):
            for line in block.text.splitlines():
                if "zmward " in line and not line.lstrip().startswith("#"):
                    yield from split(line.partition("zmward ")[2])
    for span in _SPAN.findall(_FENCED.sub("", text)):
        if span.startswith("zmward "):
            yield from split(span.removeprefix("zmward "))


def split(line: str) -> Iterator[list[str]]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # an answer that holds a quote, not a command
        return
    end = next((n for n, word in enumerate(words) if word in _SEPARATORS), len(words))
    yield words[:end]


@pytest.mark.parametrize("page", _BY_HAND, ids=named)
def test_verbs_and_options_exist(page: Path) -> None:
    own = options(main)
    for words in commands(page):
        verb = next((word for word in words if word in VERBS), None)
        known = set(own)
        if verb:
            known |= options(import_module(f"zmward.cli.{verb}").command)
        for word in words:
            if word.startswith("--"):
                assert word.partition("=")[0] in known, words
        if words and re.fullmatch("[a-z]+", words[0]):
            assert words[0] in {*VERBS, *_COMING, "collector"}, words


@pytest.mark.parametrize("page", _BY_HAND, ids=named)
def test_single_options_exist(page: Path) -> None:
    known = options(main)
    for verb in VERBS:
        known |= options(import_module(f"zmward.cli.{verb}").command)
    for span in _SPAN.findall(_FENCED.sub("", page.read_text("utf-8"))):
        if span.startswith("--"):
            assert span.split()[0].partition("=")[0] in known, span


@pytest.mark.parametrize("page", _BY_HAND, ids=named)
def test_controls_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    ids = {one for found in _ID.findall(text) for one in found.split(",")}
    for block in blocks(page):
        if block.language == "toml":
            profile = convert(parse(block.text, page.name), block.text, page.name)
            ids |= set(profile.severity)
    assert ids <= set(controls())


@pytest.mark.parametrize("name", PAGES)
def test_a_made_page_is_fresh(name: str) -> None:
    path = DOCS / name
    assert path.read_text("utf-8") == PAGES[name](), "run: make docs"


@pytest.mark.parametrize("page", walked(), ids=named)
def test_scripts_are_shell_and_targets_exist(page: Path) -> None:
    for block in blocks(page):
        if block.language != "sh":
            continue
        # A word like <this repository> is for the reader to replace.
        text = re.sub(r"<[a-z ]+>", "WORD", block.text)
        subprocess.run(["sh", "-n"], input=text.encode(), check=True)
        for target in re.findall(r"^make (\w+)$", text, re.MULTILINE):
            subprocess.run(["make", "-n", target], cwd=ROOT, check=True, stdout=-3)


@pytest.mark.parametrize("page", _BY_HAND, ids=named)
def test_one_sentence_a_line(page: Path) -> None:
    text = _FENCED.sub("", page.read_text("utf-8"))
    for line in text.splitlines():
        if not line.startswith("|"):
            plain = re.sub(r"`[^`]*`", "", line)
            assert not re.search(r"[a-z)][.!?] [A-Z]", plain), line
