"""Whoever dies at whichever moment leaves a switch that waits, or a mark that ends it."""

from collections.abc import Callable, Sequence

import pytest

from tests.engine.repair import HOST, RULES, directory, plan, proof, site, twin
from tests.engine.twin import Killed, Twin
from zmward.doors.host import Done
from zmward.engine.apply import Wish, apply
from zmward.engine.confirm import confirm
from zmward.engine.deadman import postpone, start_timer, timers
from zmward.engine.history import past
from zmward.engine.journal import Journal
from zmward.engine.rollback import roll_back
from zmward.engine.state import Run, known
from zmward.errors import Failed, Fault, Refused
from zmward.ruleset import LoadRuleset, Rules

NEW = Rules("nftables", (RULES,), (RULES.replace("accept", "drop"),))
LOAD = LoadRuleset(HOST, None, NEW)


def loaded(host: Twin) -> Run:
    done = apply(site(host, directory()), plan((LOAD,)), Wish(), proof)
    return known(done.run)


def waiting(host: Twin, run: Run) -> set[str]:
    return {f"{name}.timer" for name in timers(run)} & host.timers


def dying(host: Twin, moment: int) -> None:
    """Let whoever works on the host die at one of its commands."""
    count = iter(range(moment + 1))

    def dies(_argv: Sequence[str]) -> Done | None:
        if next(count) == moment:
            raise Killed
        return None

    host.fails = dies


def deaths(work: Callable[[Twin, Run], object]) -> list[str]:
    """Die at every command of some work; return how the host stood each time."""
    found = []
    for moment in range(500):
        host = twin()
        run = loaded(host)
        dying(host, moment)
        try:
            work(host, run)
        except Killed:
            host.fails = lambda _: None
            state, there = past(host, run).state, waiting(host, run)
            found.append(f"{state}, {'a' if there else 'no'} switch")
            continue
        return found
    raise AssertionError("it does not end")


def test_who_dies_while_he_keeps_leaves_a_switch_or_the_mark() -> None:
    found = deaths(lambda host, run: confirm(host, run, console=True))
    assert "unconfirmed, a switch" in found
    assert "kept, a switch" in found
    assert "unconfirmed, no switch" not in found


def test_who_dies_while_he_takes_back_leaves_a_switch_or_the_mark() -> None:
    found = deaths(lambda host, run: roll_back(site(host, directory()), run))
    ended = {one for one in found if one.endswith(", no switch")}
    assert ended == {"rolled back, no switch"}


def test_a_full_disk_keeps_nothing_and_leaves_the_switch() -> None:
    host = twin()
    run = loaded(host)
    full = Done(1, b"", b"No space left on device")
    host.fails = lambda argv: full if "mark" in argv else None
    with pytest.raises(Fault, match="No space left"):
        confirm(host, run, console=True)
    assert past(host, run).state == "unconfirmed"
    assert waiting(host, run)


def test_a_switch_that_comes_first_is_not_overruled() -> None:
    host = twin()
    run = loaded(host)

    def fires(argv: Sequence[str]) -> Done | None:
        if "mark" in argv:
            host.folder(run.fired)
        return None

    host.fails = fires
    with pytest.raises(Refused, match="was faster"):
        confirm(host, run, console=True)
    assert past(host, run).state != "kept"
    assert host.kept_rules == {}


def test_two_timers_of_one_who_died_between_do_not_hold_up_the_next() -> None:
    host = twin()
    run = loaded(host)
    host.timers |= {f"{name}.timer" for name in timers(run)}
    postpone(host, run, 60)
    assert len(waiting(host, run)) == 1
    host.timers |= {f"{name}.timer" for name in timers(run)}
    start_timer(host, run, 60)
    assert len(waiting(host, run)) == 1


def test_rules_that_shut_out_wait_a_short_while_only_to_be_taken_back() -> None:
    host = twin()
    run = loaded(host)
    begun = len(host.said)
    roll_back(site(host, directory()), run)
    words = [w for argv in host.said[begun:] for w in argv]
    waits = [w for w in words if w.startswith("--on-active")]
    assert waits == ["--on-active=300s"]


def test_rules_go_even_where_those_of_the_boot_cannot_be_forgotten() -> None:
    host = twin()
    run = loaded(host)
    held = Done(1, b"", b"another holds it")
    host.fails = lambda argv: held if "forget" in argv else None
    taken = roll_back(site(host, directory()), run)
    assert host.loaded == ""
    assert [one.fate for one in taken.steps] == ["not-undone"]
    assert "another holds it" in taken.steps[0].note
    # Its script is to forget them later, and so is the next boot.
    assert waiting(host, run)
    assert f"zmward-early-{run.id}.service" in host.timers


@pytest.mark.parametrize("noise", [b"", b"\0" * 64, b'{"at":"x","wh\0\0":"begin"}\n'])
def test_a_damaged_journal_does_not_hide_what_is_loaded(noise: bytes) -> None:
    host = twin()
    run = loaded(host)
    host.entries[run.journal].content = noise
    taken = roll_back(site(host, directory()), run)
    assert [one.fate for one in taken.steps] == ["undone"]
    assert host.loaded == ""
    assert not waiting(host, run)


def test_an_entry_that_broke_off_was_never_begun() -> None:
    host = twin()
    run = loaded(host)
    whole = Journal(host, run)
    assert not whole.damaged()
    host.entries[run.journal].content += b'\n{"at":"2026-11-29T1'
    assert not whole.damaged()


def test_nothing_is_loaded_once_the_switch_has_fired() -> None:
    host = twin()

    def fires(argv: Sequence[str]) -> Done | None:
        if "load" in argv:
            host.folder(f"{argv[-1]}/fired")
        return None

    host.fails = fires
    with pytest.raises(Failed, match="switch"):
        loaded(host)
    assert "accept" not in host.loaded
