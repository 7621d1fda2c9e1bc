"""The journal: whole entries only, whatever broke off."""

from tests.engine.twin import Twin
from zmward.engine.journal import Journal, begun, state
from zmward.engine.state import Run, root

RUN = Run("20261121T120000Z-0000", root())


def test_an_entry_that_breaks_off_was_never_begun() -> None:
    host = Twin()
    journal = Journal(host, RUN)
    journal.write("opened")
    journal.write("begin", (0,))
    host.entries[RUN.journal].content += b'\n{"at":"x","what":"be'
    assert begun(journal.read()) == (0,)
    journal.write("done", (0,))
    assert [entry.what for entry in journal.read()] == ["opened", "begin", "done"]


def test_the_newest_step_is_taken_back_first() -> None:
    journal = Journal(Twin(), RUN)
    for number in range(3):
        journal.write("begin", (number,))
    assert begun(journal.read()) == (2, 1, 0)
    assert state(journal.read()) == "begin"
