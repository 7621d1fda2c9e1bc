"""What runs leave behind ends some day, but never before the run itself is over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from tests.engine.repair import CHANGES, SSHD, directory, plan, proof, site, twin
from tests.engine.twin import Killed, Moments, Twin
from zmward.change import InstallPackage
from zmward.doors.host import Done
from zmward.doors.recorded_directory import RecordedDirectory
from zmward.engine.apply import Wish, apply
from zmward.engine.confirm import confirm
from zmward.engine.history import history, past
from zmward.engine.journal import Journal
from zmward.engine.keeping import (
    KEPT_DAYS,
    abandon,
    expire,
    forget_older,
    forget_one,
    stays_changed,
)
from zmward.engine.rollback import roll_back
from zmward.engine.state import Run, archive, known
from zmward.errors import Refused, Usage

NOW = datetime.now(UTC)
WITHOUT = tuple(c for c in CHANGES if not isinstance(c, InstallPackage))


def later(host: Twin, days: int) -> datetime:
    """Let days pass, on both clocks."""
    moment = NOW + timedelta(days=days, hours=1)
    host.now = int(moment.timestamp())
    return moment


def applied(host: Twin, kept: RecordedDirectory, *, end: str) -> Run:
    run = known(apply(site(host, kept), plan(WITHOUT), Wish(), proof).run)
    if end == "confirmed":
        confirm(host, run)
    if end == "rolled back":
        roll_back(site(host, kept), run)
    return run


def inside(host: Twin, run: Run) -> set[str]:
    start = f"{run.folder}/"
    return {path[len(start) :] for path in host.entries if path.startswith(start)}


@pytest.mark.parametrize("end", ["confirmed", "rolled back"])
def test_old_contents_end_and_the_journal_stays(end: str) -> None:
    host = twin()
    run = applied(host, directory(), end=end)
    was = past(host, run)
    expire(host, later(host, KEPT_DAYS - 1))
    assert "plan.json" in inside(host, run)
    expire(host, later(host, KEPT_DAYS))
    assert inside(host, run) == {"journal"}
    row = past(host, run)
    assert (row.when, row.who, row.steps) == (was.when, was.who, was.steps)
    assert row.state == f"{was.state}, old contents removed"
    with pytest.raises(Refused, match="cannot be taken back any more"):
        roll_back(site(host, directory()), run)
    # As if it had died before it had removed all.
    host.add(f"{run.folder}/store/x")
    host.folder(f"{run.folder}/store")
    expire(host, later(host, 2 * KEPT_DAYS + 2))
    assert past(host, run) == row
    assert inside(host, run) == {"journal"}
    forget_one(host, run)
    assert not inside(host, run)


@pytest.mark.parametrize("how", ["unconfirmed", "interrupted", "in part"])
def test_what_is_open_never_ends(how: str) -> None:
    host, kept = twin(), directory()
    if how == "interrupted":
        host.moments = Moments(100)
        with pytest.raises(Killed):
            apply(site(host, kept), plan(WITHOUT), Wish(), proof)
        host.moments = Moments()
        run = known(history(host)[0].run)
    else:
        run = applied(host, kept, end="")
    if how == "in part":
        Journal(host, run).write("incomplete")
    before = inside(host, run)
    assert how in past(host, run).state
    expire(host, later(host, 999))
    forget_older(host, later(host, 999), 0)
    assert inside(host, run) == before


def test_a_clock_that_runs_ahead_removes_nothing() -> None:
    host = twin()
    run = applied(host, directory(), end="confirmed")
    expire(host, NOW + timedelta(days=9999))
    host.now = int((NOW + timedelta(days=9999)).timestamp())
    expire(host, NOW)
    assert "plan.json" in inside(host, run)


def test_a_clock_that_was_behind_when_it_worked_ends_nothing_early() -> None:
    host = twin()
    run = applied(host, directory(), end="confirmed")
    path = f"{run.folder}/journal"
    for entry in Journal(host, run).read():
        text = host.entries[path].content.replace(
            entry.at.encode(), b"1970-01-01T00:00:00+00:00"
        )
        host.entries[path].content = text
    host.written = int(NOW.timestamp())
    expire(host, later(host, KEPT_DAYS - 1))
    assert forget_older(host, later(host, 3), 4) == ()
    assert "plan.json" in inside(host, run)
    expire(host, later(host, KEPT_DAYS))
    assert inside(host, run) == {"journal"}


def test_the_next_run_removes_what_is_over_long_ago() -> None:
    host, kept = twin(), directory()
    run = applied(host, kept, end="rolled back")
    later(host, KEPT_DAYS)
    path = f"{run.folder}/journal"
    # The clock of the test cannot be moved: the run is made older.
    old = (NOW - timedelta(days=KEPT_DAYS + 1)).isoformat(timespec="seconds")
    for entry in Journal(host, run).read():
        host.entries[path].content = host.entries[path].content.replace(
            entry.at.encode(), old.encode()
        )
    apply(site(host, kept), plan(WITHOUT), Wish(), proof)
    assert inside(host, run) == {"journal"}


def test_runs_are_forgotten_by_their_age() -> None:
    host = twin()
    run = applied(host, directory(), end="confirmed")
    assert forget_older(host, later(host, 29), 30) == ()
    assert forget_older(host, later(host, 30), 30) == (run.id,)
    assert not inside(host, run)


class TestTheWayOut:
    def stuck(self) -> tuple[Twin, RecordedDirectory, Run]:
        host, kept = twin(), directory()
        run = applied(host, kept, end="")
        host.fails = lambda argv: (
            Done(1, b"", b"Read-only file system") if SSHD in argv else None
        )
        kept.objects.clear()
        return host, kept, run

    def test_a_run_that_cannot_be_taken_back_is_put_aside(self) -> None:
        host, kept, run = self.stuck()
        assert not roll_back(site(host, kept), run).complete
        with pytest.raises(Refused, match="even-though-not-taken-back"):
            forget_one(host, run)
        with pytest.raises(Refused, match=run.id):
            apply(site(host, directory()), plan(WITHOUT), Wish(), proof)
        assert stays_changed(host, run) == (f"file {SSHD}",)
        where = abandon(host, run, "me")
        assert where == f"{archive()}/runs/{run.id}"
        aside = Run(run.id, archive())
        assert {"journal", "plan.json"} <= inside(host, aside)
        assert Journal(host, aside).read()[-1].what == "abandoned"
        assert not [name for name in host.timers if run.id in name]
        assert history(host) == ()
        host.fails = lambda _argv: None
        host.state()

    def test_while_its_switch_is_at_work_it_is_not_moved_away(self) -> None:
        host, _, run = self.stuck()
        late = f"zmward-late-{run.id}.service"
        host.fails = lambda argv: (
            Done(0) if argv[-1] == late and "is-active" in argv else None
        )
        with pytest.raises(Refused, match="taking it back now"):
            abandon(host, run, "me")
        assert "plan.json" in inside(host, run)

    def test_its_switch_is_left_alone_until_the_mark_is_there(self) -> None:
        host, _, run = self.stuck()
        seen: list[str] = []

        def fails(argv: Sequence[str]) -> Done | None:
            if tuple(argv[:2]) in (("systemctl", "stop"), ("systemctl", "disable")):
                seen.append(Journal(host, run).read()[-1].what)
            return None

        host.fails = fails
        abandon(host, run, "me")
        assert set(seen) == {"abandoned"}

    def test_a_switch_at_work_keeps_its_units(self) -> None:
        host, _, run = self.stuck()
        late = f"zmward-late-{run.id}.service"
        asked: list[tuple[str, ...]] = []

        def fails(argv: Sequence[str]) -> Done | None:
            asked.append(tuple(argv))
            return Done(0) if argv[-1] == late and "is-active" in argv else None

        host.fails = fails
        with pytest.raises(Refused, match="taking it back now"):
            abandon(host, run, "me")
        assert not [argv for argv in asked if "disable" in argv or "stop" in argv]

    def test_what_was_never_tried_is_named_too(self) -> None:
        host, _, run = self.stuck()
        names = stays_changed(host, run)
        assert len(names) == len([c for c in WITHOUT if c.place[0] != "act"])
        host.entries[run.plan].content = b"{"
        assert "of a plan that is lost" in stays_changed(host, run)[0]

    def test_a_full_disk_does_not_hold_it_up(self) -> None:
        host, _, run = self.stuck()
        full = Done(1, b"", b"No space left on device")
        host.fails = lambda argv: full if argv[0] == "dd" else None
        abandon(host, run, "me")
        assert history(host) == ()

    def test_its_contents_end_as_all_others(self) -> None:
        host, _, run = self.stuck()
        abandon(host, run, "me")
        aside = Run(run.id, archive())
        expire(host, later(host, KEPT_DAYS))
        assert inside(host, aside) == {"journal"}

    def test_a_name_that_is_no_run_is_said(self) -> None:
        with pytest.raises(Usage, match="no run"):
            stays_changed(twin(), known("20261121T120000Z-0000"))
