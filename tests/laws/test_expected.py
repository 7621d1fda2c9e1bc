"""The expected tables are whole: every control, every state, every UNKNOWN's reason."""

from tests.lab.expected import STATES, rows
from zmward.catalog.tips import TIPS
from zmward.control import Status
from zmward.controls.registry import controls

ROWS = rows()
# An audit without a scan leaves out what only a look from outside can tell.
INSIDE = {key: one for key, one in controls().items() if not one.outside_only}


def test_every_control_is_expected_on_every_state() -> None:
    assert set(ROWS) == set(INSIDE)
    for control, row in ROWS.items():
        for state in STATES:
            assert row[state] in set(Status), (control, state)


def test_an_unknown_is_listed_with_its_reason() -> None:
    for control, row in ROWS.items():
        if "UNKNOWN" in [row[state] for state in STATES]:
            assert row.get("reason"), control


def test_the_hardened_server_fails_nowhere() -> None:
    assert [c for c, row in ROWS.items() if row["hardened"] == "FAIL"] == []


def test_every_tip_has_controls() -> None:
    served = {tip for control in controls().values() for tip in control.tips}
    assert served == set(TIPS)


def test_the_careless_server_fails_every_tip_that_one_host_can_fail() -> None:
    failing = {
        tip
        for control in INSIDE.values()
        if ROWS[control.id]["careless"] == "FAIL"
        for tip in control.tips
    }
    assert set(TIPS) - failing == NOT_ON_ONE_HOST


# What one host cannot fail, each with its reason.
NOT_ON_ONE_HOST: set[str] = {
    "T23",  # entropy is the kernel's, and the lab shares a modern one
}
