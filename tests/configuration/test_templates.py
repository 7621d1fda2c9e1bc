"""What snapshots tell of a template that differs from its package."""

from zmward.configuration.templates import Kept, since, template

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
