"""What a check of the backups noted: believed if it is root's, else a doubt."""

import pytest

from zmward.sources.backup_check import parse
from zmward.sources.source import Unreadable

PATH = "/var/lib/zmward/backups/check.json"
NOTE = (
    '{"schema":"zmward.backup-check/1","when":"2026-11-21T08:00:00+00:00","copies":'
    '[{"name":"a","newest":"2026-11-21T02:00:00+00:00","states":{"age":"well"}}]}'
)


def stored(text: str, head: str = "600 root regular file") -> str:
    return f"! {head} {PATH}\n> {PATH}\n {text}\n"


def test_a_note_tells_of_each_copy() -> None:
    (seen,) = parse(stored(NOTE)).copies
    assert (seen.name, seen.age, seen.encrypted) == ("a", "well", None)


def test_where_the_place_was_not_reached_the_age_is_no_better() -> None:
    text = NOTE.replace('"age":"well"', '"place":"bad"')
    assert parse(stored(text)).copies[0].age == "bad"
    assert parse(stored(NOTE.replace('"age":"well"', ""))).copies[0].age == "unknown"


def test_none_is_an_answer() -> None:
    assert not parse("").copies
    assert not parse("").refused


@pytest.mark.parametrize("head", ["620 root regular file", "600 zimbra regular file"])
def test_what_others_can_write_is_a_doubt(head: str) -> None:
    found = parse(stored(NOTE, head))
    assert found.copies == ()
    assert "not believed" in found.refused[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("backup-check/1", "backup-check/2"),
        ("08:00:00+00:00", "08:00:00"),
        ("2026-11-21T08:00:00+00:00", ""),
        ("02:00:00+00:00", "02:00:00"),
        ("02:00:00+00:00", "soon"),
        ('"well"', '"fine"'),
        ("}]}", ""),
    ],
)
def test_what_is_no_note_is_refused(old: str, new: str) -> None:
    with pytest.raises(Unreadable):
        parse(stored(NOTE.replace(old, new)))
