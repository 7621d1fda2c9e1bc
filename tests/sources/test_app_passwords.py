"""Passwords of applications: a count alone, and no count out of silence."""

import pytest

from zmward.sources.app_passwords import APP_PASSWORDS, parse, reduce
from zmward.sources.source import Search, Unreadable

_END = "# pagedresults: cookie=\n"


def count(text: str) -> int:
    return parse(reduce(text.splitlines()))


def test_entries_are_counted_and_not_kept() -> None:
    text = f"dn: uid=a,ou=people,dc=example\n\ndn:: dWlkPWI=\n\n{_END}"
    assert count(text) == 2
    assert "uid" not in reduce(text.splitlines())


def test_none_is_a_count_where_the_search_has_ended() -> None:
    assert count(_END) == 0


def test_silence_is_no_count() -> None:
    with pytest.raises(Unreadable):
        count("")
    with pytest.raises(Unreadable):
        parse("counted many")


def test_no_attribute_is_asked_for() -> None:
    question = APP_PASSWORDS.question
    assert isinstance(question, Search)
    assert question.attributes == ("1.1",)
