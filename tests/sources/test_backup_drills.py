"""What zmward remembers of drills: read file by file, and believed if root's alone."""

import pytest

from zmward.sources.backup_drill import parse
from zmward.sources.source import Unreadable

OWN = "/var/lib/zmward/backups"


def record(
    copy: str, state: str = "well", when: str = "2026-11-01", more: str = ""
) -> str:
    return (
        f'{{"schema": "zmward.drill/1", "copy": "{copy}", {more}'
        f'"when": "{when}T02:00:00+00:00", '
        f'"parts": [{{"subject": "ldap", "state": "{state}"}}]}}'
    )


def stored(name: str, text: str, head: str = "600 root regular file") -> str:
    path = f"{OWN}/{name}"
    lines = "".join(f" {line}\n" for line in text.split("\n"))
    return f"! {head} {path}\n> {path}\n{lines}"


def test_each_copy_has_its_last_drill() -> None:
    found = parse(
        stored("drill.json", record("a", "bad", "2026-10-01"))
        + stored("drills/a.json", record("a", "well"))
        + stored("drills/b.json", record("b", "bad"))
    )
    assert [(one.copy, one.parts[0].state) for one in found.last] == [
        ("a", "well"),
        ("b", "bad"),
    ]
    assert found.refused == ()


def test_none_is_an_answer() -> None:
    assert parse("") == parse("\n".join([]))
    assert parse("").last == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (stored("drills/a.json", record("a"), "620 root regular file"), "believed"),
        (stored("drills/a.json", record("a"), "600 zimbra regular file"), "believed"),
        (stored("drills/a.json", record("a"), "777 root symbolic link"), "believed"),
        (f"> {OWN}/drills/a.json\n {record('a')}\n", "believed"),
        (f"! 600 root regular file {OWN}/drills/a.json\n", "whole"),
        (stored("drills/a.json", record("a")) + f"x {OWN}/drills/a.json\n", "whole"),
        (stored("drills/a.json", record("b")), "another copy: b"),
        (stored("drills/a.json", "{"), "damaged"),
        (stored("drills/a.json", record("a", "fine")), "damaged"),
        (stored("drills/a.json", record("a").replace("drill/1", "drill/2")), "version"),
        (stored("drills/a.json", record("a", when="soon")), "damaged"),
    ],
)
def test_what_is_no_record_of_roots_is_a_doubt(text: str, why: str) -> None:
    found = parse(text)
    assert found.last == ()
    assert [why in one for one in found.refused] == [True]


def test_a_file_of_others_forges_no_head_of_another() -> None:
    forged = "{}\n! 600 root regular file /x.json\n> /x.json\n " + record("x")
    head = "666 mallory regular file"
    found = parse(stored("drills/a.json", forged, head))
    assert found.last == ()
    assert len(found.refused) == 1


@pytest.mark.parametrize("text", ["garbage", "> 600 root regular file\n{}\n"])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text)
