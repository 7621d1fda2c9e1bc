"""Apply killed before and after every command, in memory, and taken back."""

from collections.abc import Iterator

from tests.engine.repair import CHANGES, HOST, directory, plan, proof, site, twin
from tests.engine.twin import Killed, Moments, Twin
from zmward.change import Change, FileText, SetUnit, UnitState, WriteFile
from zmward.doors.recorded_directory import RecordedDirectory
from zmward.engine.apply import Wish, apply
from zmward.engine.cutting import cuts_off
from zmward.engine.deadman import timers
from zmward.engine.history import history
from zmward.engine.journal import Journal, begun
from zmward.engine.lock import locked
from zmward.engine.rollback import roll_back
from zmward.engine.state import known

BOOT = "/proc/sys/kernel/random/boot_id"


def run_of(host: Twin, kept: RecordedDirectory) -> None:
    apply(site(host, kept), plan(), Wish(), proof)


def moments() -> int:
    host, kept = twin(), directory()
    run_of(host, kept)
    return host.moments.count


def deaths() -> Iterator[tuple[str, Twin, RecordedDirectory]]:
    """Die before and after everything that happens, each time on a new host."""
    for number in range(moments()):
        for after in (False, True):
            host, kept = twin(), directory()
            host.moments = Moments(number, after)
            try:
                run_of(host, kept)
            except Killed:
                pass
            host.moments = Moments()
            yield f"{'after' if after else 'before'} {number}", host, kept


def without_packages(host: Twin) -> dict[str, object]:
    return {**host.state(), "packages": set()}


def taken_back(host: Twin, kept: RecordedDirectory) -> bool:
    # A process of another life: its lock is stale.
    boot = host.entries[BOOT]
    boot.content, host.now = b"boot-2\n", 2000
    with locked(host):
        for row in history(host):
            if row.state in {"interrupted", "unconfirmed"}:
                roll_back(site(host, kept), known(row.run))
    boot.content = b"boot-1\n"
    return (without_packages(host), kept.objects) == (
        twin().state(),
        dict(directory().objects),
    )


def test_a_run_killed_at_any_moment_is_taken_back() -> None:
    fates = {name: taken_back(host, kept) for name, host, kept in deaths()}
    kinds = {type(change) for change in CHANGES}
    union = set(Change.__args__)
    print(  # noqa: T201  # the tally
        f"survived {sum(fates.values())}/{len(fates)}, "
        f"kinds {len(kinds & union)}/{len(union)}"
    )
    assert [name for name, survived in fates.items() if not survived] == []
    assert kinds == union
    assert len(fates) == 2 * moments() >= 2 * len(CHANGES)


def test_what_can_ban_or_shut_out_the_operator_waits_for_his_word() -> None:
    off, on = (
        UnitState(enabled=False, active=False),
        UnitState(enabled=True, active=True),
    )
    jail = "/etc/fail2ban/jail.d/zmward-nodes.local"
    assert cuts_off((SetUnit(HOST, "fail2ban.service", off, on),))
    assert cuts_off((WriteFile(HOST, jail, None, FileText("")),))
    assert cuts_off((SetUnit(HOST, "ssh.service", on, off),))
    assert not cuts_off((SetUnit(HOST, "cron.service", off, on),))


def test_no_moment_of_a_run_is_without_a_switch() -> None:
    bare = []
    for name, host, _ in deaths():
        for row in history(host):
            run = known(row.run)
            waits = {f"{timer}.timer" for timer in timers(run)} & host.timers
            early = f"zmward-early-{run.id}.service" in host.timers
            if begun(Journal(host, run).read()) and not (waits and early):
                bare.append(name)
    assert bare == []
