"""Applying a plan to a host in memory: done, refused, or as it was."""

import copy
import time
from collections.abc import Sequence

import pytest

from tests.engine.repair import (
    CHANGES,
    HOST,
    NEW,
    OLD,
    SSHD,
    directory,
    plan,
    proof,
    site,
    twin,
)
from tests.engine.twin import Entry, Twin
from zmward.change import FileText, InstallPackage, SetAttr, WriteFile
from zmward.doors.host import Done
from zmward.doors.local_settings import PATH, own_values
from zmward.doors.recorded_directory import Mishap, RecordedDirectory, mailboxd_dies
from zmward.engine.apply import Wish, apply
from zmward.engine.cutting import cuts_off
from zmward.engine.history import history
from zmward.engine.lock import locked
from zmward.engine.rollback import roll_back
from zmward.engine.state import Run, known, root
from zmward.errors import (
    Failed,
    NotUndone,
    Refused,
    Stale,
    Unreachable,
    ZmwardError,
)

PACKAGES = {"pax", "fail2ban"}


def attempt(host: Twin, kept: RecordedDirectory, **wishes: int) -> str:
    done = apply(site(host, kept), plan(), Wish(**wishes), proof)  # type: ignore[arg-type]  # tests
    return done.run


def without_packages(host: Twin) -> dict[str, object]:
    state = host.state()
    state["packages"] = set()
    return state


def start() -> tuple[dict[str, object], dict[str, object]]:
    return twin().state(), dict(directory().objects)


def test_a_plan_with_every_kind_is_carried_out() -> None:
    host, kept = twin(), directory()
    run = attempt(host, kept)
    assert host.entries[SSHD].content.decode() == NEW.text
    assert own_values(host.entries[PATH].content)["alias_login_enabled"] == "false"
    assert host.entries[PATH].mode.mode == 0o640
    assert kept.objects["cos:default"]["zimbraImapEnabled"] == ("FALSE",)
    assert host.crontabs["zimbra"] == "1 2 * * * b\n"
    assert host.packages == PACKAGES
    assert host.rendered == [("mta",)]
    assert [row.state for row in history(host)] == ["unconfirmed"]
    assert host.timers == {f"zmward-{n}-{run}.service" for n in ("early", "late")} | {
        f"zmward-again-{run}.timer"
    }


def test_what_is_applied_twice_changes_nothing_the_second_time() -> None:
    host, kept = twin(), directory()
    harmless = plan(c for c in CHANGES if not cuts_off((c,)))
    assert apply(site(host, kept), harmless, Wish(), proof).run
    before, number = host.state(), len(kept.written)
    assert apply(site(host, kept), harmless, Wish(), proof).run == ""
    assert host.state() == before
    assert len(kept.written) == number


def test_rollback_gives_everything_back_but_packages() -> None:
    host, kept = twin(), directory()
    run = attempt(host, kept)
    taken = roll_back(site(host, kept), known(run))
    assert taken.complete
    assert {one.name for one in taken.steps if one.fate == "stays"} == {
        "package pax",
        "package fail2ban",
    }
    assert (without_packages(host), kept.objects) == start()
    assert [row.state for row in history(host)] == ["rolled back"]


def failing(word: str, code: int = 1) -> Twin:
    host = twin()

    def fails(argv: Sequence[str]) -> Done | None:
        return Done(code, b"", b"no") if word in argv else None

    host.fails = fails
    return host


@pytest.mark.parametrize(
    "mishap", [Mishap(5), Mishap(6), Mishap(7), Mishap(6, done=True), Mishap(4)]
)
def test_a_fault_of_the_directory_leaves_the_host_as_it_was(mishap: Mishap) -> None:
    host, kept = twin(), directory()
    kept.mishaps = (mishap,)
    with pytest.raises(Failed) as failed:
        attempt(host, kept)
    assert failed.value.code == 5
    assert (without_packages(host), kept.objects) == start()


def test_a_directory_that_dies_for_good_is_said_to_be_half_done() -> None:
    host, kept = twin(), directory()
    kept.mishaps = (mailboxd_dies(7),)
    with pytest.raises(NotUndone) as failed:
        attempt(host, kept)
    assert failed.value.code == 6
    assert "zimbraMta" in str(failed.value)


@pytest.mark.parametrize("word", ["configrewrite", "/opt/zimbra/libexec/configrewrite"])
def test_a_rendering_that_fails_takes_everything_back(word: str) -> None:
    host, kept = twin(), directory()
    lives = [word]

    def fails(argv: Sequence[str]) -> Done | None:
        return (
            Done(1, b"", b"no")
            if lives and argv[0].endswith(lives[0]) and lives.pop()
            else None
        )

    host.fails = fails
    with pytest.raises(Failed, match="render"):
        attempt(host, kept)
    assert (without_packages(host), kept.objects) == start()


def test_a_verification_that_fails_takes_everything_back() -> None:
    host, kept = twin(), directory()
    with pytest.raises(Failed, match="still not so"):
        apply(site(host, kept), plan(), Wish(), lambda: proof("a-control: b"))
    assert (without_packages(host), kept.objects) == start()


def test_a_file_that_its_daemon_refuses_is_put_back() -> None:
    host, kept = twin(), directory()
    wrong = WriteFile(HOST, SSHD, OLD, FileText("Nonsense\n", 0o600), "sshd")
    with pytest.raises(Failed, match="Nonsense"):
        apply(site(host, kept), plan((wrong,)), Wish(), proof)
    assert (host.state(), kept.objects) == start()


def test_a_stale_plan_names_what_moved_and_changes_nothing() -> None:
    host, kept = twin(), directory()
    host.crontabs["zimbra"] = "other\n"
    kept.objects["cos:default"] = {"zimbraImapEnabled": ("FALSE",)}
    before = copy.deepcopy(host.state())
    with pytest.raises(Stale) as stale:
        attempt(host, kept)
    assert stale.value.code == 4
    assert "crontab zimbra" in str(stale.value)
    assert "zimbraImapEnabled of cos:default" in str(stale.value)
    assert host.state() == before
    assert not kept.written


def test_a_value_that_moves_while_we_work_takes_back_only_ours() -> None:
    host, kept = twin(), directory()

    def fails(argv: Sequence[str]) -> Done | None:
        if argv[0] == "apt-get" and "-s" not in argv:
            return None
        if "install" in argv and "env" in argv:
            host.crontabs["zimbra"] = "other\n"
        return None

    host.fails = fails
    with pytest.raises(Failed, match="another hand"):
        attempt(host, kept)
    assert host.crontabs["zimbra"] == "other\n"
    assert kept.objects == directory().objects


def test_a_plan_of_another_machine_is_refused() -> None:
    host, kept = twin(), directory()
    with pytest.raises(Refused, match="machine"):
        apply(site(host, kept), plan(machine="f" * 32), Wish(), proof)
    assert (host.state(), kept.objects) == start()


@pytest.mark.parametrize(
    "change",
    [
        WriteFile(HOST, "/etc/shadow", None, FileText("")),
        WriteFile(
            HOST, "/etc/rsyslog.d/10-zmward.conf/../../shadow", None, FileText("")
        ),
        SetAttr("global", "zimbraMtaBlockedExtension", None, ("a\nb",)),
        SetAttr("cos:default", "zimbraNotes", None, ("x" * (128 << 10),)),
        SetAttr("account:a@example.test", "zimbraIsAdminAccount", None, ("TRUE",)),
        SetAttr("account:spam.x@example.test", "zimbraNotes", None, ("x",)),
        InstallPackage(HOST, "zimbra-core", "apt"),
    ],
)
def test_a_hostile_plan_is_refused(
    change: WriteFile | SetAttr | InstallPackage,
) -> None:
    host, kept = twin(), directory()
    with pytest.raises(Refused):
        apply(site(host, kept), plan((change,)), Wish(), proof)
    assert (host.state(), kept.objects) == start()


@pytest.mark.parametrize(
    "value", ["a\nb\n", 'a "b" c', "-x", "$(id)", "é ü", "a'b;rm -rf /"]
)
def test_a_hostile_value_is_a_value(value: str) -> None:
    host, kept = twin(), directory()
    change = SetAttr("cos:default", "zimbraNotes", None, (value,))
    run = apply(site(host, kept), plan((change,)), Wish(), proof).run
    assert kept.objects["cos:default"]["zimbraNotes"] == (value,)
    roll_back(site(host, kept), known(run))
    assert (host.state(), kept.objects) == start()


def test_a_package_that_would_remove_another_is_refused() -> None:
    host, kept = twin(), directory()
    host.removes = "zimbra-core"
    with pytest.raises(Refused, match="zimbra-core"):
        attempt(host, kept)
    assert (host.state(), kept.objects) == start()


@pytest.mark.parametrize("kind", ["symbolic link", "fifo", "directory"])
def test_what_is_no_plain_file_is_refused(kind: str) -> None:
    host, kept = twin(), directory()
    host.entries[SSHD] = Entry(kind)
    before = host.state()
    with pytest.raises(Refused, match="not a plain file"):
        attempt(host, kept)
    assert host.state() == before


def test_without_a_switch_nothing_is_done() -> None:
    host, kept = twin(), directory()
    host.fails = lambda argv: (
        Done(1, b"", b"no systemd") if argv[0] == "systemd-run" else None
    )
    with pytest.raises(Refused, match="dead man"):
        attempt(host, kept)
    assert (host.state(), kept.objects) == start()
    assert not kept.written


def test_a_switch_that_fired_meanwhile_stops_the_run() -> None:
    host, kept = twin(), directory()

    def fails(argv: Sequence[str]) -> Done | None:
        if argv[0] == "sshd":
            base = next(p for p in host.entries if p.endswith("/rollback.sh"))
            host.folder(base.replace("rollback.sh", "fired"))
        return None

    host.fails = fails
    with pytest.raises(Failed, match="switch"):
        attempt(host, kept)
    assert (without_packages(host), kept.objects) == start()


def full_disk(host: Twin, writes: int) -> None:
    left = [writes]

    def fails(argv: Sequence[str]) -> Done | None:
        if argv[0] == "dd" and any("/var/lib/zmward" in word for word in argv):
            left[0] -= 1
            if left[0] < 0:
                return Done(1, b"", b"No space left on device")
        return None

    host.fails = fails


@pytest.mark.parametrize("writes", range(0, 45, 3))
def test_a_full_disk_leaves_the_host_as_it_was(writes: int) -> None:
    host, kept = twin(), directory()
    full_disk(host, writes)
    with pytest.raises(ZmwardError) as error:
        attempt(host, kept)
    assert error.value.code in {4, 5}
    host.timers.clear()
    assert (without_packages(host), kept.objects) == start()


def test_two_at_once_are_refused() -> None:
    host, kept = twin(), directory()
    with locked(host), pytest.raises(Refused, match="Another run"):
        attempt(host, kept)
    assert (host.state(), kept.objects) == start()


def test_no_run_starts_while_one_is_unfinished() -> None:
    host, kept = twin(), directory()
    run = attempt(host, kept, confirm_within=60)
    with pytest.raises(Refused, match=run):
        attempt(host, kept)


def test_a_stop_takes_everything_back() -> None:
    host, kept = twin(), directory()
    place = site(host, kept)
    place.stop = lambda: len(kept.written) > 0
    with pytest.raises(ZmwardError) as stopped:
        apply(place, plan(), Wish(), proof)
    assert stopped.value.code == 130
    assert (without_packages(host), kept.objects) == start()


def test_no_value_reaches_the_journal() -> None:
    host, kept = twin(), directory()
    run = attempt(host, kept)
    journal = host.entries[Run(run, root()).journal].content.decode()
    for word in ("PermitRootLogin", "Lax", "exe", "1 2 *"):
        assert word not in journal
    for path, entry in host.entries.items():
        if path.startswith(root()):
            assert not entry.mode.mode & 0o077, path


@pytest.mark.parametrize("program", ["sshd", "crontab", "configrewrite"])
def test_a_host_that_is_lost_half_way_is_said_to_be_half_done(program: str) -> None:
    host, kept, gone = twin(), directory(), []

    def lost(argv: Sequence[str]) -> Done | None:
        # From this command on, nothing comes through any more.
        if argv[0].endswith(program) and "-l" not in argv:
            gone.append(argv)
        if gone:
            raise Unreachable("mail cannot be reached: connection lost")
        return None

    host.fails = lost
    with pytest.raises(NotUndone, match=r"could not be taken back: .*`zmward rollback"):
        apply(site(host, kept), plan(), Wish(), proof)


def test_who_has_lost_the_lock_restarts_nothing() -> None:
    host, kept = twin(), directory()
    theirs = b'{"token":"b","host_boot":"boot-1 pid:[1]","until":9e9}\n'

    def taken(argv: Sequence[str]) -> Done | None:
        # Another takes over while the last change is made; we find out by renewing.
        if argv[0] == "sshd":
            host.entries[f"{root()}/lock"] = Entry("regular file", theirs)
        return None

    host.fails = taken
    place = site(host, kept)
    clock = iter(range(0, 10**9, 100))
    with pytest.MonkeyPatch.context() as words:
        words.setattr(time, "clock_gettime", lambda _clock: next(clock))
        with pytest.raises(NotUndone, match="taken the run over"):
            apply(place, plan(CHANGES[2:3]), Wish(), proof)
    assert not [argv for argv in host.said if "reload-or-restart" in argv]
