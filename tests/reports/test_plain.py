"""Text from servers is harmless, and commands are what they look like."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.reports.plain import command, plain, visible

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@given(st.text())
def test_nothing_unprintable_is_left(text: str) -> None:
    assert all(c.isprintable() or c == "\n" for c in visible(text))
    assert plain(text).isprintable()


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202eexe", "\\u202eexe"),
        ("\udce9", "\\xe9"),
        ("a\nb\tc", "a b c"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_escapes_are_those_of_a_shell(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_long_lines_end_with_an_ellipsis() -> None:
    assert plain("a" * 500) == "a" * 399 + "…"


def read_back(line: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"],
        capture_output=True,
        check=True,
        timeout=20,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout.decode().split("\0")[:-1]


@given(st.lists(WORDS, min_size=1, max_size=30))
def test_a_shown_command_is_harmless(words: list[str]) -> None:
    assert command(tuple(words)).isprintable()


@pytest.mark.parametrize(
    "words",
    [
        ("zmprov", "ma", "a'b@example.com", "x", ""),
        ("a\nb", "\x1b[0m", "\u202e", "\\", "'\t'", "é'\\n\n", "\U000e0001"),
        ("$(id)", "`id`", "a;b", "$'\\x41'", "\x01" + "2", "\x7f0"),
    ],
)
def test_a_shown_command_is_the_very_command(words: tuple[str, ...]) -> None:
    assert read_back(command(words)) == list(words)
