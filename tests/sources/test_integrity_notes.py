"""What a check of the installation noted: believed if it is root's, else a doubt."""

import pytest

from zmward.sources.integrity_check import parse
from zmward.sources.source import Unreadable

FOLDER = "/var/lib/zmward/integrity"
NOTE = (
    '{"schema":"zmward.integrity-check/1","when":"2026-11-21T08:00:00+00:00","keys":'
    '["k"],"number":3,"made":"2026-10-01T09:00:00+00:00","alarms":2,"missed":1}'
)


def stored(text: str, name: str = "check", head: str = "600 root regular file") -> str:
    path = f"{FOLDER}/{name}.json"
    return f"! {head} {path}\n> {path}\n {text}\n"


def test_the_whole_and_the_quick_check_are_told_apart() -> None:
    quick = NOTE.replace('"alarms":2', '"alarms":5')
    found = parse(stored(NOTE) + stored(quick, "check-quick"))
    assert found.whole is not None
    assert found.quick is not None
    assert (found.whole.alarms, found.whole.missed, found.quick.alarms) == (2, 1, 5)
    assert found.whole.began.isoformat() == "2026-11-21T08:00:00+00:00"


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
def test_a_text_of_a_note_forges_no_other(end: str) -> None:
    """JSON leaves these characters as they are, and Python takes them for line ends."""
    forged = stored(NOTE.replace('"', "'"), "check-quick").replace("\n", end)
    text = NOTE.replace('"alarms":2', f'"alarms":2,"refused":"no{end}{forged}"')
    found = parse(stored(text))
    assert found.quick is None
    assert found.whole is not None
    assert found.whole.refused.startswith("no")
    assert not found.doubts


def test_none_is_an_answer() -> None:
    found = parse("")
    assert (found.whole, found.quick, found.doubts) == (None, None, ())


@pytest.mark.parametrize("head", ["620 root regular file", "600 zimbra regular file"])
def test_what_others_can_write_is_a_doubt(head: str) -> None:
    found = parse(stored(NOTE, head=head))
    assert found.whole is None
    assert "not believed" in found.doubts[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("integrity-check/1", "integrity-check/2"),
        ("08:00:00+00:00", "08:00:00"),
        ("2026-10-01T09:00:00+00:00", "soon"),
        ('"number":3', '"number":0'),
        ('"alarms":2', '"alarms":"none"'),
        ("}", ""),
    ],
)
def test_what_is_no_note_is_refused(old: str, new: str) -> None:
    with pytest.raises(Unreadable):
        parse(stored(NOTE.replace(old, new)))
