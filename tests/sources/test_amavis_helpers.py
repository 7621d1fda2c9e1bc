"""What amavis finds beside Zimbra's own programs, as the collector tells it."""

import pytest

from zmward.sources.amavis_helpers import parse
from zmward.sources.source import Unreadable


def test_each_helper_has_its_paths() -> None:
    found = parse(
        "searched\nrar /usr/bin/unrar\nrar /usr/bin/rar\n"
        "parse-excel /usr/share/perl5/Spreadsheet/ParseExcel.pm\n"
    )
    assert found == {
        "rar": ("/usr/bin/unrar", "/usr/bin/rar"),
        "parse-excel": ("/usr/share/perl5/Spreadsheet/ParseExcel.pm",),
    }


def test_nothing_found_is_an_answer() -> None:
    assert parse("searched\n") == {"rar": (), "parse-excel": ()}


@pytest.mark.parametrize(
    "answer",
    ["", "rar /usr/bin/rar\n", "searched\nzip /usr/bin/zip\n", "searched\nrar"],
)
def test_what_is_no_answer_is_refused(answer: str) -> None:
    with pytest.raises(Unreadable):
        parse(answer)
