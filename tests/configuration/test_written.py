"""Objects as text: read back the same, whatever a server puts into names and values."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.configuration.names import original, path, safe
from zmward.configuration.written import Object, Value, parse, render
from zmward.errors import BadFile

_CHARS = st.characters(codec="utf-8")
_TEXT = st.text(_CHARS, max_size=300)
_NAMES = st.text(_CHARS, min_size=1, max_size=40)
_VALUES = st.builds(Value, _TEXT, st.booleans())
_OBJECTS = st.builds(
    Object,
    st.sampled_from(("domain", "cos", "global")),
    _NAMES,
    st.dictionaries(_NAMES, st.lists(_VALUES, min_size=1, max_size=4).map(tuple)),
)


@given(_OBJECTS)
def test_what_is_written_is_read_back(found: Object) -> None:
    values = {name: tuple(sorted(set(some))) for name, some in found.values.items()}
    assert parse(render(found), "x") == Object(found.kind, found.name, values)


@given(_OBJECTS)
def test_no_line_is_long_or_steers_a_terminal(found: Object) -> None:
    for line in render(found).splitlines()[1:]:
        assert line.isprintable()
        assert len(re.split(":!? ?", line, maxsplit=1)[-1]) <= 100


@given(_OBJECTS, st.randoms())
def test_the_order_of_values_means_nothing(
    found: Object, chance: random.Random
) -> None:
    items = list(found.values.items())
    chance.shuffle(items)
    turned = {name: tuple(reversed(values)) for name, values in items}
    assert render(Object(found.kind, found.name, turned)) == render(found)


def test_lines_of_a_value_stay_lines() -> None:
    found = Object("domain", "a", {"n": (Value("one\ntwo\n"),)})
    assert render(found) == "# domain a\nn: one\\n\n  two\\n\n"


@pytest.mark.parametrize("text", ["", "x", "# a\n", "# domain a\nno value\n"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(BadFile):
        parse(text, "somewhere")


_ANY = st.text(max_size=400)


@given(_ANY, _ANY)
def test_two_names_are_two_files(one: str, two: str) -> None:
    assert (safe(one) == safe(two)) == (one == two)


@given(_ANY)
def test_no_name_climbs_or_hides(name: str) -> None:
    found = safe(name)
    assert found
    assert found.isascii()
    assert not found.startswith(".")
    assert "/" not in found
    assert len(found) <= 255
    assert original(found) in (name, None)


@pytest.mark.parametrize(
    "name", ["..", ".", ".git", "a/../../b", "a\nb", "%2E", "git~1"]
)
def test_hostile_names_become_plain_ones(name: str) -> None:
    assert original(safe(name)) == name
    assert set(safe(name)) <= set("abcdefgit0123456789ABCDEF%.")


def test_a_path_keeps_its_parts() -> None:
    assert path("/etc/ssh/sshd_config") == "etc/ssh/sshd_config"
    assert path("/etc/../x") == "etc/%2E./x"
