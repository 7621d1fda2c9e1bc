"""What is repaired is taken back whole: the proof of one state, in one way."""

import pytest
from lab.prove import prove
from lab.volatile import LARGEST, VOLATILE, compare


# `make proofs` proves both states both ways.
def answered(source: str, text: str) -> dict[str, object]:
    return {
        "answers": {"mail.example.test": {source: {"type": "answer", "text": text}}}
    }


def test_few_values_are_volatile_and_each_has_its_reason() -> None:
    assert len(VOLATILE) <= LARGEST
    assert len({value.name for value in VOLATILE}) == len(VOLATILE)
    assert all(value.reason for value in VOLATILE)


def test_a_volatile_value_is_named_and_another_is_a_difference() -> None:
    old = answered("postconf", "process_id = 1\nmynetworks = 127.0.0.0/8\n")
    new = answered("postconf", "mynetworks = 127.0.0.0/8\nprocess_id = 22\n")
    other = answered("postconf", "mynetworks = 0.0.0.0/0\nprocess_id = 22\n")
    assert compare(old, new) == ([], {"postconf-process"})
    assert len(compare(old, other)[0]) == 1


@pytest.mark.lab
@pytest.mark.proof
def test_a_default_node_is_repaired_and_taken_back_over_ssh() -> None:
    rows = prove("default", ("over ssh",))
    assert [row for row in rows if not row.holds] == []
