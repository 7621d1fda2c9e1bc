"""What snapshots tell of a template that differs from its package."""

import hashlib

from zmward.configuration.overwritten import Record
from zmward.configuration.templates import (
    Kept,
    differing,
    since,
    since_record,
    template,
)

_PATH = "/opt/zimbra/conf/amavisd.conf.in"
_PLACE = template("h", _PATH)


def _told(old: str | None, new: str | None) -> str:
    first = Kept("day one", {} if old is None else {_PLACE: old})
    last = Kept("day two", {} if new is None else {_PLACE: new})
    found = since(first, last, "h", _PATH)
    return "" if found is None else found.by()


def test_lines_that_went_and_came_are_named() -> None:
    said = _told("a\nb\nc\n", "a\nB\nc\n")
    assert said == f"{_PATH}, from day one to day two: -b; +B"


def test_many_lines_are_counted() -> None:
    assert _told("", "x\n" * 9).endswith("and 3 lines more")


def test_no_change_is_said() -> None:
    assert (
        _told("a\n", "a\n") == f"{_PATH}, as in the snapshots from day one to day two"
    )


def test_what_no_snapshot_holds_is_not_told() -> None:
    assert _told(None, "a") == _told("a", None) == ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_snapshot_with_the_recorded_text_gives_the_difference_from_it() -> None:
    olds = (Kept("one", {_PLACE: "x\n"}), Kept("two", {_PLACE: "a\nb\n"}))
    last = Kept("three", {_PLACE: "a\nB\n"})
    # The history ends a text with a line's end, whether the file did or not.
    for text in ("a\nb\n", "a\nb"):
        record = Record(7, "then", {_PATH: _digest(text)})
        found = since_record(olds, last, "h", _PATH, record)
        assert found is not None
        assert found.by() == (
            f"{_PATH}, from what baseline 7 recorded to three: -b; +B"
        )
    other = Record(7, "then", {_PATH: _digest("no such text")})
    assert since_record(olds, last, "h", _PATH, other) is None
    assert since_record(olds, last, "h", _PATH, Record(why="none")) is None


def test_templates_that_differ_are_listed_by_the_hosts_own_paths() -> None:
    odd = "/opt/zimbra/conf/a b.in"
    gone, place = template("h", "/gone.in"), template("h", odd)
    first = Kept("one", {_PLACE: "a", place: "b", gone: "c", "global.conf": "1"})
    last = Kept("two", {_PLACE: "a", place: "B", "global.conf": "2"})
    assert differing(first, last, "h") == (odd,)
    assert differing(first, last, "other") == ()
