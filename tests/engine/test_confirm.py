"""A run is kept only from a session that began after its last change."""

from collections.abc import Sequence

import pytest

from tests.engine.repair import directory, plan, proof, site, twin
from tests.engine.twin import Twin
from zmward.doors.host import Done
from zmward.engine.apply import Wish, apply
from zmward.engine.confirm import confirm, proves
from zmward.engine.history import past
from zmward.engine.journal import Journal
from zmward.engine.rollback import roll_back
from zmward.engine.state import known
from zmward.engine.verify import Proof
from zmward.errors import Failed, Refused


@pytest.mark.parametrize(
    ("note", "began", "expected"),
    [
        ("boot-1 100.25", 100.5, True),
        ("boot-1 100.25", 100.0, False),
        ("boot-0 900.00", 5.0, True),
        ("", 1e9, False),
        ("boot-1 soon", 1e9, False),
    ],
)
def test_only_the_time_since_the_boot_decides_no_clock(
    note: str, began: float, *, expected: bool
) -> None:
    assert proves(note, "boot-1", began) is expected


def waits(host: Twin) -> list[str]:
    """Return how long each switch was told to wait, in the order of the work."""
    words = [argv for argv in host.said if argv[0] == "systemd-run"]
    return [word for argv in words for word in argv if word.startswith("--on-active")]


def test_the_switch_waits_for_the_work_and_then_for_the_person() -> None:
    host, kept = twin(), directory()
    apply(site(host, kept), plan(), Wish(confirm_within=60), proof)
    assert waits(host) == ["--on-active=1800s", "--on-active=60s"]
    last = max(n for n, argv in enumerate(host.said) if argv[0] == "systemd-run")
    after = [argv for argv in host.said[last:] if argv[0] in {"mv", "crontab", "sshd"}]
    assert not after


def test_a_longer_wish_holds_during_the_work_too() -> None:
    host, kept = twin(), directory()
    apply(site(host, kept), plan(), Wish(confirm_within=7200), proof)
    assert waits(host) == ["--on-active=7200s", "--on-active=7200s"]


def test_the_moment_that_counts_comes_after_the_last_write() -> None:
    host, kept = twin(), directory()
    place = site(host, kept)
    uptime = host.entries["/proc/uptime"]

    def prove() -> Proof:
        uptime.content = b"1234.50 0.00\n"
        return proof()

    run = known(apply(place, plan(), Wish(confirm_within=60), prove).run)
    applied = Journal(host, run).read()[-1]
    assert (applied.what, applied.note) == ("applied", "boot-1 1234.50")


@pytest.mark.parametrize("end", ["at work", "switched", "rolled back", "confirmed"])
def test_only_a_run_that_waits_for_it_can_be_kept(end: str) -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(confirm_within=60), proof).run)
    match end:
        case "at work":
            Journal(host, run).write("begin", (0,))
        case "switched":
            host.folder(run.fired)
        case "rolled back":
            roll_back(site(host, kept), run)
        case _:
            confirm(host, run)
    timers = set(host.timers)
    with pytest.raises(Refused, match="not there to be kept"):
        confirm(host, run)
    assert host.timers == timers


def test_what_is_kept_has_no_switch_any_more() -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(confirm_within=60), proof).run)
    assert host.timers
    confirm(host, run)
    assert not host.timers
    assert past(host, run).state == "kept"


def test_a_switch_that_is_faster_than_the_person_is_not_overruled() -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(confirm_within=60), proof).run)

    def elapses(argv: Sequence[str]) -> Done | None:
        if "mark" in argv:
            host.folder(run.fired)
        return None

    host.fails = elapses
    with pytest.raises(Refused, match="was faster"):
        confirm(host, run)
    assert past(host, run).state != "kept"


def test_a_switch_that_elapses_while_it_is_set_anew_ends_the_run() -> None:
    host, kept = twin(), directory()

    def elapses(argv: Sequence[str]) -> Done | None:
        if argv[0] == "systemd-run" and "--on-active=60s" in argv:
            host.folder(argv[-2].replace("rollback.sh", "fired"))
        return None

    host.fails = elapses
    with pytest.raises(Failed, match="switch has taken the run back"):
        apply(site(host, kept), plan(), Wish(confirm_within=60), proof)


def test_the_switch_at_boot_is_on_the_disk_before_the_first_change() -> None:
    host = twin()
    apply(site(host, directory()), plan(), Wish(confirm_within=60), proof)
    place = "/etc/systemd/system"
    links = (f"{place}/sysinit.target.wants", f"{place}/multi-user.target.wants")
    enabled = next(n for n, argv in enumerate(host.said) if "enable" in argv)
    synced = host.said.index(("sync", "--", *links))
    begun = next(
        n
        for n, argv in enumerate(host.said)
        if argv[-1] == "pax" and "-s" not in argv and "apt-get" in argv
    )
    assert enabled < synced < begun
