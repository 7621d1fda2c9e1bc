"""The words and options of zmprov, without a directory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.zimbra.zmprov_lines import words
from lab.zimbra.zmprov_options import OptionError, read_options
from lab.zimbra.zmprov_output import attribute_lines


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (r'mcf x "a \"q\" b"', ["mcf", "x", 'a "q" b']),
        ("mcf x 'single q'", ["mcf", "x", "single q"]),
        (r"mcf x a\ b", ["mcf", "x", "a b"]),
        ('mcf x ""', ["mcf", "x", ""]),
        ("  two\t words ", ["two", "words"]),
        ("", []),
        ('joined"to one"word', ["joinedto oneword"]),
        ('"never closed', ["never closed"]),
    ],
)
def test_a_line_is_parted_into_words(line: str, found: list[str]) -> None:
    assert words(line) == found


@given(st.lists(st.text(st.characters(exclude_characters="'"))))
def test_quoted_words_come_back_as_they_were(given_words: list[str]) -> None:
    assert words(" ".join(f"'{word}'" for word in given_words)) == given_words


@given(st.text())
def test_any_line_can_be_parted(line: str) -> None:
    assert isinstance(words(line), list)


def test_options_end_at_the_command() -> None:
    options = read_options(["-l", "-f", "x", "mcf", "-zimbraMtaRestriction", "v"])
    assert (options.ldap, options.file) == (True, "x")
    assert options.command == ("mcf", "-zimbraMtaRestriction", "v")


def test_a_double_dash_is_dropped() -> None:
    assert read_options(["mc", "x", "--", "-5"]).command == ("mc", "x", "-5")


@pytest.mark.parametrize("argv", [["-x"], ["-f"], ["--nonsense", "gacf"]])
def test_options_that_zmprov_lacks_are_refused(argv: list[str]) -> None:
    with pytest.raises(OptionError):
        read_options(argv)


def test_lines_are_sorted_in_byte_order_and_raw() -> None:
    attrs = {"zimbraA": ["1"], "cn": ["x"], "Z": ["two\nlines", ""]}
    assert list(attribute_lines(attrs)) == ["Z: two\nlines", "cn: x", "zimbraA: 1"]


def test_names_select_whatever_their_case_and_values_narrow() -> None:
    attrs = {"zimbraServiceEnabled": ["mta", "proxy"], "cn": ["x"]}
    assert list(attribute_lines(attrs, ["zimbraserviceenabled=mta"])) == [
        "zimbraServiceEnabled: mta"
    ]
    assert list(attribute_lines(attrs, ["CN"])) == ["cn: x"]


def test_binary_values_are_printed_in_base64() -> None:
    lines = list(attribute_lines({"zimbraSSLDHParam": ["\xff\x00"]}))
    assert lines == ["zimbraSSLDHParam:: /wA="]
