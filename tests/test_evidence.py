"""Evidence: stored, read again, merged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmward.errors import BadFile
from zmward.evidence import Answer, Evidence, Missing, decode, encode, merge

ANSWER = st.builds(Answer, st.text(), st.integers(0, 255), st.text())
MISSING = st.builds(Missing, st.text())
ANSWERS = st.dictionaries(st.text(), st.one_of(ANSWER, MISSING), max_size=4)
EVIDENCE = st.builds(
    Evidence, st.just("2026-11-21"), st.dictionaries(st.text(), ANSWERS, max_size=3)
)


@given(EVIDENCE)
def test_what_is_stored_is_read_again(evidence: Evidence) -> None:
    assert decode(encode(evidence), "file") == evidence


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a whole"),
        (b'{"schema": "zmward.evidence/1", "when": "x"', "not a whole"),
        (b'{"schema": "zmward.evidence/9", "when": "x", "answers": {}}', "schema"),
        (b"[]", "not a whole"),
        (
            b'{"schema": "zmward.evidence/1", "when": "\xff", "answers": {}}',
            "not a whole",
        ),
    ],
)
def test_a_broken_file_is_refused_by_name(content: bytes, words: str) -> None:
    with pytest.raises(BadFile, match=words) as caught:
        decode(content, "broken.json")
    assert "broken.json" in str(caught.value)


def test_unknown_fields_of_a_newer_zmward_are_ignored() -> None:
    content = (
        b'{"schema": "zmward.evidence/1", "when": "2026-11-21", "answers": {},'
        b' "later": 1}'
    )
    assert decode(content, "file").answers == {}


def test_merging_keeps_every_node_and_real_answers() -> None:
    one = Evidence("2026-01-01", {"a": {"x": Answer("1")}, "directory": {}})
    gone: dict[str, dict[str, Answer | Missing]] = {
        "directory": {"c": Missing("down")},
        "b": {"x": Answer("2")},
    }
    two = Evidence("2026-01-02", gone)
    three = Evidence("2026-01-03", {"directory": {"c": Answer("up")}})
    merged = merge((one, two, three))
    assert merged.hosts == ("a", "b")
    assert merged.answer("directory", "c") == Answer("up")
    assert merged.when == "2026-01-03"


def test_what_was_not_asked_is_missing() -> None:
    evidence = Evidence("2026-01-01", {"a": {}})
    assert evidence.answer("a", "x") == Missing("x was not collected on a", "unseen")
    assert evidence.answer("b", "x") == Missing("not seen: b", "unseen")
