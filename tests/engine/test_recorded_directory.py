"""The recorded door, and the mishaps that tests make it have."""

import pytest

from zmward.doors.recorded_directory import Mishap, RecordedDirectory, mailboxd_dies
from zmward.errors import Fault, Refused

OBJECTS = {
    "global": {"zimbraMtaTlsAuthOnly": ("FALSE",)},
    "cos:default": {"zimbraImapEnabled": ("TRUE",)},
    "account:spam@example.test": {"zimbraIsSystemResource": ("TRUE",)},
}
COS, IMAP = "cos:default", "zimbraImapEnabled"


def test_what_is_written_is_read_and_unset_again() -> None:
    door = RecordedDirectory(OBJECTS)
    door.write(COS, {IMAP: ("FALSE",)})
    assert door.read(COS, (IMAP,)) == {IMAP: ("FALSE",)}
    door.write(COS, {IMAP: None})
    assert door.read(COS, (IMAP,)) == {IMAP: None}
    assert OBJECTS[COS] == {IMAP: ("TRUE",)}
    assert door.requests == 4


@pytest.mark.parametrize(
    ("target", "name", "value", "code"),
    [
        ("cos:none", IMAP, "TRUE", "account.NO_SUCH_COS"),
        (COS, "zimbraNoSuchAttr", "x", "account.INVALID_ATTR_NAME"),
        (COS, IMAP, "yes", "account.INVALID_ATTR_VALUE"),
    ],
)
def test_a_fault_changes_nothing(target: str, name: str, value: str, code: str) -> None:
    door = RecordedDirectory(OBJECTS)
    with pytest.raises(Fault) as failure:
        door.write(target, {"zimbraNotes": ("n",), name: (value,)})
    assert failure.value.fault == code
    assert door.objects == OBJECTS


def test_system_accounts_are_refused() -> None:
    door = RecordedDirectory(OBJECTS)
    with pytest.raises(Refused):
        door.write("account:spam@example.test", {"zimbraNotes": ("n",)})


def test_the_chosen_request_fails_and_the_next_works() -> None:
    door = RecordedDirectory(OBJECTS, [Mishap(2)])
    door.read(COS, (IMAP,))
    with pytest.raises(Fault) as failure:
        door.write(COS, {IMAP: None})
    assert failure.value.fault == "service.FAILURE"
    assert door.read(COS, (IMAP,)) == {IMAP: ("TRUE",)}


def test_an_answer_may_be_lost_after_the_deed() -> None:
    door = RecordedDirectory(OBJECTS, [Mishap(1, "mailboxd.silent", done=True)])
    with pytest.raises(Fault):
        door.write(COS, {IMAP: None})
    assert door.read(COS, (IMAP,)) == {IMAP: None}


def test_mailboxd_stays_dead() -> None:
    door = RecordedDirectory(OBJECTS, [mailboxd_dies(2)])
    door.read(COS, (IMAP,))
    for _ in range(3):
        with pytest.raises(Fault) as failure:
            door.flush(("cos",))
        assert failure.value.fault == "mailboxd.down"


def test_a_token_that_ends_costs_a_login_and_nothing_else() -> None:
    door = RecordedDirectory(OBJECTS, token_lasts=2)
    for _ in range(5):
        door.read(COS, (IMAP,))
    assert (door.requests, door.logins) == (5, 3)
