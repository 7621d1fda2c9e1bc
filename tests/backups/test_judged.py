"""How listings are judged: what is fresh hides nothing, what is not known is unknown."""

from datetime import UTC, datetime
from typing import Any

import pytest

from zmward.backup_places import Copy
from zmward.backups.judged import judged
from zmward.backups.listing import Backup, Found, Listing, Trouble, newest_first
from zmward.backups.rehearsal import stamp

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = 86_400.0
MIB = 1 << 20


def copy(**more: object) -> Copy:
    fields = {"name": "a", "kind": "folder", "place": "/srv/a", **more}
    return Copy(**fields)  # type: ignore[arg-type]  # fields by name


def daily(days: int, size: int | None = MIB, first: float = 0.2) -> list[Backup]:
    start = NOW.timestamp() - first * DAY
    return [Backup(f"b{n}", start - n * DAY, size) for n in range(days)]


def found(
    backups: list[Backup],
    *,
    encrypted: bool | None = True,
    open_to: str | None = None,
    **more: object,
) -> dict[str, Found]:
    kept = newest_first(backups)
    listing = Listing(copy(**more), kept, encrypted=encrypted, open_to=open_to)
    return {one.aspect: one for one in judged(listing, NOW, 26)}


def test_daily_backups_are_well() -> None:
    states = {one.state for one in found(daily(20)).values()}
    assert states == {"well"}
    assert set(found(daily(20))) == {"age", "size", "gaps", "retention", "encryption"}


@pytest.mark.parametrize(
    ("first", "state"), [(1.0, "well"), (1.2, "bad"), (-0.5, "unknown")]
)
def test_age_is_judged_by_the_clock(first: float, state: str) -> None:
    assert found(daily(20, first=first))["age"].state == state


def test_a_copy_may_be_older_where_the_profile_says_so() -> None:
    assert found(daily(20, first=6), hours=168)["age"].state == "well"


def test_no_backup_at_all_is_bad() -> None:
    assert found([])["age"].state == "bad"


def test_a_sudden_shrink_is_bad() -> None:
    backups = daily(20)
    backups[0] = Backup("b0", backups[0].when, MIB // 3)
    assert found(backups)["size"].state == "bad"


def test_an_empty_backup_is_bad_even_alone() -> None:
    assert found(daily(1, size=0))["size"].state == "bad"


def test_without_history_size_is_unknown_unless_the_profile_says_what_is_plausible() -> (
    None
):
    assert found(daily(1))["size"].state == "unknown"
    assert found(daily(1), least_mib=1)["size"].state == "well"
    assert found(daily(1), least_mib=2)["size"].state == "bad"


def test_an_unknown_size_is_unknown() -> None:
    assert found(daily(20, size=None))["size"].state == "unknown"


def test_a_gap_is_bad_until_it_lies_far_back() -> None:
    recent = [b for n, b in enumerate(daily(40)) if n not in (3, 4, 5)]
    assert found(recent)["gaps"].state == "bad"
    old = [b for n, b in enumerate(daily(40)) if n not in (23, 24, 25)]
    assert found(old)["gaps"].state == "well"


def test_retention_must_reach_back() -> None:
    assert found(daily(5))["retention"].state == "bad"
    assert found(daily(14))["retention"].state == "well"
    assert "retention" not in found(daily(5), keep_days=0)


def test_a_fresh_series_hides_none_that_stopped() -> None:
    stale = [Backup("old", NOW.timestamp() - 9 * DAY, MIB, series="mysql-#")]
    fresh = [Backup(b.name, b.when, b.size, series="ldap-#") for b in daily(20)]
    listing = Listing(copy(), newest_first([*stale, *fresh]), encrypted=True)
    ages = [one for one in judged(listing, NOW, 26) if one.aspect == "age"]
    assert {one.state for one in ages} == {"bad", "well"}
    assert any("mysql-#" in one.text for one in ages if one.state == "bad")


def test_plain_backups_are_bad_off_site_and_where_others_read_them() -> None:
    def plain(**more: Any) -> str:
        return found(daily(20), encrypted=False, **more)["encryption"].state

    assert plain(open_to="") == "well"
    assert plain(open_to="", off_site=True) == "bad"
    assert plain(open_to="everybody") == "bad"
    assert found(daily(20), encrypted=None)["encryption"].state == "unknown"


def test_a_plain_place_at_which_nobody_looked_is_not_known_to_be_private() -> None:
    assert found(daily(20), encrypted=False)["encryption"].state == "unknown"


def test_a_plain_repository_where_a_password_is_expected_is_bad() -> None:
    own = {"kind": "borg", "password_file": "/etc/p"}
    states = found(daily(20), encrypted=False, open_to="", **own)
    assert states["encryption"].state == "bad"


@pytest.mark.parametrize("epoch", [-1e12, 1e12])
def test_a_time_past_all_calendars_is_written_as_their_end(epoch: float) -> None:
    assert datetime.fromisoformat(stamp(epoch)).tzinfo is not None


def test_what_could_not_be_listed_says_only_that() -> None:
    trouble = Trouble("unknown", "place", "locked", "wait")
    (only,) = judged(Listing(copy(), troubles=(trouble,)), NOW, 26)
    assert (only.state, only.aspect, only.text) == ("unknown", "place", "locked")


def session(
    name: str, days: float, *, part: str = "full", whole: bool = True
) -> Backup:
    return Backup(name, NOW.timestamp() - days * DAY, MIB, part=part, whole=whole)


def sessions(*backups: Backup) -> list[tuple[str, str]]:
    listing = Listing(
        copy(kind="ne-sessions", keep_days=0),
        newest_first(list(backups)),
        encrypted=False,
    )
    return [(one.aspect, one.state) for one in judged(listing, NOW, 26)]


def test_incremental_sessions_need_a_full_one() -> None:
    assert ("age", "bad") in sessions(session("i", 0.2, part="incr"))
    old = sessions(session("i", 0.2, part="incr"), session("f", 20))
    assert ("age", "bad") in old
    fresh = sessions(session("i", 0.2, part="incr"), session("f", 1), session("g", 2))
    assert ("age", "bad") not in fresh


def test_an_unfinished_session_does_not_count() -> None:
    broken = sessions(session("f", 0.1, whole=False), session("g", 9))
    assert ("place", "bad") in broken
    assert ("age", "bad") in broken
