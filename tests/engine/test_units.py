"""A unit that does not come to its state says why, as far as systemd knows."""

from collections.abc import Iterator, Sequence

import pytest

from zmward.change import UnitState
from zmward.doors.host import Done
from zmward.doors.system import write_unit
from zmward.errors import Fault

STATE = b"LoadState=loaded\nUnitFileState=enabled\nActiveState=inactive\n"


class Still:
    """A host on which systemctl succeeds, and nothing starts."""

    name, streams = "still", 1

    def __init__(self, condition: bytes) -> None:
        self.condition = condition

    def lines(self, script: str) -> Iterator[bytes]:
        raise NotImplementedError(script)

    def run(
        self,
        argv: Sequence[str],
        *,
        given: bytes = b"",
        user: str = "root",
        seconds: int = 60,
    ) -> Done:
        del given, user, seconds
        if "ConditionResult" in argv:
            return Done(0, b"ConditionResult=" + self.condition + b"\n", b"")
        return Done(0, STATE if argv[1] == "show" else b"", b"")


@pytest.mark.parametrize(
    ("condition", "words"),
    [(b"no", "in a container the clock is the host's"), (b"yes", "did not come")],
)
def test_a_unit_that_may_not_start_here_is_told_from_one_that_fails(
    condition: bytes, words: str
) -> None:
    wanted = UnitState(enabled=True, active=True)
    with pytest.raises(Fault, match=words):
        write_unit(Still(condition), "chrony.service", wanted)
