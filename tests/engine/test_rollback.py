"""Taking back: what another hand has changed since is left alone and named."""

from collections.abc import Sequence
from typing import Literal

import pytest
from msgspec.structs import replace

from tests.engine.repair import (
    CHANGES,
    HOST,
    RSYSLOG,
    SSHD,
    directory,
    plan,
    proof,
    site,
    twin,
)
from zmward.change import (
    InstallPackage,
    SetAttr,
    SetLocalConfig,
    SetUnit,
    UnitState,
)
from zmward.doors.host import Done
from zmward.doors.local_settings import PATH, own_values
from zmward.engine.apply import Wish, apply
from zmward.engine.history import past, unfinished
from zmward.engine.journal import Journal
from zmward.engine.rollback import roll_back
from zmward.engine.state import known
from zmward.engine.undo import reverted
from zmward.errors import NotUndone, Refused, Unreachable

Pair = tuple[bool, bool]
_THEIRS = b'<key name="ldap_port"><value>theirs</value></key></localconfig>'


def state_of(pair: Pair) -> UnitState:
    return UnitState(enabled=pair[0], active=pair[1])


def test_a_file_that_another_hand_has_changed_is_left_alone_and_named() -> None:
    host, kept = twin(), directory()
    run = apply(site(host, kept), plan(), Wish(), proof).run
    host.entries[SSHD].content = b"Port 2222\n"
    taken = roll_back(site(host, kept), known(run))
    assert [one.name for one in taken.steps if one.fate == "kept"] == [f"file {SSHD}"]
    assert host.entries[SSHD].content == b"Port 2222\n"
    assert kept.objects == directory().objects


def test_a_value_that_another_hand_has_changed_is_left_alone_and_named() -> None:
    host, kept = twin(), directory()
    run = apply(site(host, kept), plan(), Wish(), proof).run
    kept.objects["global"]["zimbraMtaTlsAuthOnly"] = ("FALSE",)
    taken = roll_back(site(host, kept), known(run))
    kept_ones = [one.name for one in taken.steps if one.fate == "kept"]
    assert kept_ones == ["zimbraMtaTlsAuthOnly of global"]


def test_of_a_list_only_our_own_additions_and_removals_are_reverted() -> None:
    change = SetAttr("global", "zimbraMtaBlockedExtension", ("a", "b"), ("b", "c"))
    assert reverted(change, ("b", "c", "theirs")) == ("b", "theirs", "a")
    assert reverted(change, ("theirs",)) == ("theirs", "a")


def test_taking_back_twice_is_taking_back_once() -> None:
    host, kept = twin(), directory()
    run = apply(site(host, kept), plan(), Wish(), proof).run
    roll_back(site(host, kept), known(run))
    once = host.state()
    taken = roll_back(site(host, kept), known(run))
    assert {one.fate for one in taken.steps} == {"as-before"}
    assert host.state() == once


def test_a_run_taken_back_is_not_taken_back_again_over_the_next_one() -> None:
    host, kept = twin(), directory()
    first = apply(site(host, kept), plan(), Wish(), proof).run
    roll_back(site(host, kept), known(first))
    without = plan(c for c in CHANGES if not isinstance(c, InstallPackage))
    apply(site(host, kept), without, Wish(), proof)
    now = (host.state(), dict(kept.objects))
    roll_back(site(host, kept), known(first))
    assert (host.state(), kept.objects) == now


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        (None, "interrupted"),
        ("0\n", "rolled back by its switch"),
        ("2\n", "rolled back in part"),
    ],
)
def test_the_switch_is_believed_only_when_it_says_that_it_has_ended(
    failed: str | None, expected: str
) -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(confirm_within=60), proof).run)
    host.folder(run.fired)
    if failed is not None:
        host.add(f"{run.fired}/failed", failed)
    assert past(host, run).state == expected
    roll_back(site(host, kept), run)
    assert past(host, run).state in {"rolled back", "rolled back by its switch"}


def test_the_script_spares_a_setting_that_another_hand_made_between_our_steps() -> None:
    host, kept = twin(), directory()
    place = site(host, kept)
    theirs: list[bytes] = []

    def talk(text: str) -> None:
        if "zimbra_same_site_cookie" in text and not theirs:
            old = host.entries[PATH].content
            theirs.append(old.replace(b"</localconfig>", _THEIRS))
            host.entries[PATH].content = theirs[0]

    place.talk = talk
    place.step = lambda _number, _total, about: talk(about)
    run = known(apply(place, plan(), Wish(), proof).run)
    assert theirs
    assert f"{run.folder}/settings-mixed" in host.entries
    roll_back(site(host, kept), run)
    assert b"theirs" in host.entries[PATH].content


@pytest.mark.parametrize("step", [99, -1])
def test_a_journal_that_names_a_step_of_no_plan_still_takes_back_the_rest(
    step: int,
) -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(), proof).run)
    Journal(host, run).write("begin", (step,))
    assert roll_back(site(host, kept), run).complete
    assert kept.objects == directory().objects


def test_no_run_starts_after_one_whose_plan_is_damaged_and_not_taken_back() -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(confirm_within=60), proof).run)
    host.entries[run.plan].content = b"{"
    assert unfinished(host) == run.id
    with pytest.raises(Refused, match=r"rollback\.sh"):
        roll_back(site(host, kept), run)


@pytest.mark.parametrize(
    ("before", "after", "now", "left", "fate"),
    [
        # enabled, active
        ((False, False), (True, True), (True, True), (False, False), "undone"),
        ((False, False), (True, True), (True, False), (False, False), "undone"),
        ((False, True), (True, True), (True, False), (False, False), "kept"),
        ((False, True), (True, True), (False, False), (False, False), "kept"),
        ((True, True), (True, False), (False, False), (False, True), "kept"),
        ((True, True), (False, False), (True, True), (True, True), "as-before"),
    ],
)
def test_of_a_unit_only_what_we_switched_is_switched_back(
    before: Pair, after: Pair, now: Pair, left: Pair, fate: str
) -> None:
    host, kept = twin(), directory()
    unit = "rsyslog.service"
    host.units[unit] = state_of(before)
    change = SetUnit(HOST, unit, state_of(before), state_of(after))
    run = apply(site(host, kept), plan((change,)), Wish(), proof).run
    host.units[unit] = state_of(now)
    taken = roll_back(site(host, kept), known(run))
    assert [one.fate for one in taken.steps] == [fate]
    assert host.units[unit] == state_of(left)


def test_what_was_removed_since_has_nothing_to_be_given_back() -> None:
    host, kept = twin(), directory()
    run = apply(site(host, kept), plan(), Wish(), proof).run
    del kept.objects["cos:default"]
    taken = roll_back(site(host, kept), known(run))
    gone = [one for one in taken.steps if one.fate == "kept"]
    assert [one.name for one in gone] == ["zimbraImapEnabled of cos:default"]
    assert "no such cos" in gone[0].note
    assert taken.complete


@pytest.mark.parametrize("restart", ["now", "later"])
def test_a_rollback_restarts_what_the_run_has_restarted(
    restart: Literal["now", "later"],
) -> None:
    host, kept = twin(), directory()
    place = site(host, kept)
    said: list[str] = []
    place.talk = said.append
    found = plan((SetLocalConfig(HOST, "zimbra_same_site_cookie", None, "Lax"),))
    step = replace(found.steps[0], restarts=("mailbox",))
    wish = Wish(restart=restart)
    run = apply(place, replace(found, steps=(step,)), wish, proof).run
    roll_back(place, known(run))
    again = [argv for argv in host.said if argv[1:] == ("restart",)]
    assert len(again) == (2 if restart == "now" else 0)
    told = "not restarted, as the run has not either: mailbox" in said
    assert told is (restart == "later")


def test_a_switch_neither_fires_beside_a_rollback_nor_is_disturbed_by_it() -> None:
    host, kept = twin(), directory()
    start = host.state()
    run = known(apply(site(host, kept), plan(), Wish(confirm_within=60), proof).run)
    first = len(host.said)
    service = f"zmward-again-{run.id}.service"
    working = [True, True, True, False]

    def fires(argv: Sequence[str]) -> Done | None:
        if argv[-1] == service and argv[:2] == ("systemctl", "is-active"):
            return Done(0 if working and working.pop(0) else 3)
        return None

    host.fails = fires
    assert roll_back(site(host, kept), run).complete
    said = host.said[first:]
    moved = next(n for n, argv in enumerate(said) if "--on-active=1800s" in argv)
    ended = max(
        n for n, argv in enumerate(said) if argv[-1] == service and "is-active" in argv
    )
    begun = min(
        n
        for n, argv in enumerate(said)
        if argv[0] in {"mv", "crontab", "rm"} and RSYSLOG in argv
    )
    assert moved < ended < begun
    assert not working
    assert host.state()["timers"] == start["timers"]


def test_a_host_that_is_lost_during_a_rollback_is_said_to_be_half_done() -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(), proof).run)
    gone: list[Sequence[str]] = []

    def lost(argv: Sequence[str]) -> Done | None:
        if gone or (argv[0] == "crontab" and "-l" not in argv):
            gone.append(argv)
            raise Unreachable("mail cannot be reached: connection lost")
        return None

    host.fails = lost
    with pytest.raises(NotUndone, match=f"`zmward rollback {run.id}` again"):
        roll_back(site(host, kept), run)


def test_an_old_localconfig_that_is_damaged_is_never_put_back() -> None:
    host, kept = twin(), directory()
    run = known(apply(site(host, kept), plan(), Wish(), proof).run)
    name = host.entries[f"{run.folder}/settings-before"].content.split()[0].decode()
    place = host.entries[run.stored(name)]
    # Values that differ would be seen by another guard.
    assert b"by hand" in place.content
    place.content = place.content.replace(b"by hand", b"by harm")
    taken = roll_back(site(host, kept), run)
    assert taken.complete
    # Not its bytes, but each value of ours goes back to what it was.
    found = host.entries[PATH].content
    assert own_values(found) == own_values(twin().entries[PATH].content)
    assert b"by harm" not in found
