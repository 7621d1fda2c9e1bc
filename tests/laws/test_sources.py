"""The laws that every source obeys."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.engine.script import collector
from zmward.sources.registry import sources
from zmward.sources.source import Snippet, Source, Unreadable

SOURCES = tuple(sources().values())
WORDS = st.lists(
    st.sampled_from(
        ["> ", "x ", "dn: a", "|", ":", "=", "%", " ", "\n", "a", "0", "[::]"]
    )
).map("".join)


def each(argument: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(argument, SOURCES, ids=lambda s: s.name)


@each("source")
def test_any_text_is_read_or_unreadable(source: Source[Any]) -> None:
    @given(st.text() | WORDS)
    def run(noise: str) -> None:
        try:
            source.parse(noise)
        except Unreadable:
            pass

    run()


@each("source")
def test_any_lines_are_reduced_or_unreadable(source: Source[Any]) -> None:
    reduce = source.reduce
    if reduce is None:
        return

    @given(st.text() | WORDS)
    def run(noise: str) -> None:
        try:
            source.parse(reduce(noise.splitlines()))
        except Unreadable:
            pass

    run()


@each("source")
def test_a_source_says_what_it_asks(source: Source[Any]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]*", source.name)
    assert source.about.endswith(".")
    assert source.name in collector((source,), "0")


@each("source")
def test_a_snippet_only_reads(source: Source[Any]) -> None:
    if not isinstance(source.question, Snippet):
        return
    text = source.question.text
    assert not re.search(r"\b(rm|mv|cp|tee|touch|mkdir|chmod|chown|kill|eval)\b", text)
    written = re.findall(r"(?<![0-9&<])>{1,2}\s*(?![&>])(\S+)", text)
    redirected = {word.strip(";)") for word in written if word.startswith("/")}
    assert redirected <= {"/dev/null"}
