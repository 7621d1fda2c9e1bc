"""Whom jails would have banned is what fail2ban's own code would have done."""

import random
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from zmward.bans.jails import LOGIN, RECIDIVE, SMTP, Placed
from zmward.bans.simulate import Banned, Rule, Watch, rules, simulated
from zmward.bans.spared import Lookup, Spared
from zmward.bans.victims import Victim, victims
from zmward.logs.event import Event
from zmward.profile import Bans

SITE = Bans(failures=3, window_minutes=10, ban_minutes=60, recidive_bans=2)
PLACED = (Placed(SMTP, (25,)), Placed(LOGIN, (443,)), Placed(RECIDIVE, ()))
CALLER, OTHER = "198.51.100.7", "198.51.100.8"
FAIL2BAN = Path("/usr/lib/python3/dist-packages")


def failure(when: float, source: str = CALLER, account: str = "anna") -> Event:
    return Event(when, "failure", "audit", source, account, "soap", "proxy")


def success(when: float, source: str = CALLER, account: str = "anna") -> Event:
    return Event(when, "success", "audit", source, account, "soap", "proxy")


def sasl(when: float, source: str = CALLER) -> Event:
    return Event(
        *(when, "failure", "syslog", source, "", "smtp", "direct"), origin="postfix"
    )


def bans(events: Sequence[Event]) -> list[Banned]:
    return list(simulated(events, PLACED, SITE))


def seen(events: Sequence[Event], *spared: Spared) -> tuple[Victim, ...]:
    return victims(events, PLACED, SITE, Lookup(spared))


class TestBans:
    def test_the_last_failure_of_the_window_bans(self) -> None:
        (ban,) = bans([failure(0), failure(10), failure(20)])
        assert (ban.jail, ban.address) == ("zmward-login", CALLER)
        assert (ban.when, ban.until) == (20, 3620)

    def test_too_few_and_too_slow_failures_ban_nobody(self) -> None:
        assert bans([failure(0), failure(10)]) == []
        assert bans([failure(n * 700) for n in range(20)]) == []

    def test_the_banned_cannot_fail(self) -> None:
        assert len(bans([failure(n) for n in range(100)])) == 1

    def test_one_jail_keeps_out_of_the_other(self) -> None:
        events = [*(failure(n) for n in range(3)), *(sasl(n) for n in range(4, 9))]
        assert [one.jail for one in bans(events)] == ["zmward-login"]

    def test_jails_count_apart(self) -> None:
        assert bans([failure(0), failure(1), sasl(2), sasl(3)]) == []

    def test_who_comes_again_is_banned_for_days(self) -> None:
        events = [failure(n + turn * 4000) for turn in range(3) for n in range(3)]
        found = bans(events)
        assert [one.jail for one in found] == [
            *("zmward-login", "zmward-login", "zmward-recidive"),
        ]
        assert found[-1].until == found[-1].when + SITE.recidive_days * 86_400

    def test_what_does_not_count(self) -> None:
        rows = (
            Event(0, "failure", "audit", "", "anna", "soap", "proxy-only"),
            Event(0, "failure", "audit", CALLER, "anna", "smtp", "direct"),
            Event(0, "denied", "mailbox", CALLER, "anna", "imap", "proxy"),
            Event(0, "denied", "mailbox", CALLER, "", "admin", "direct"),
            Event(0, "failure", "mailbox", CALLER, "anna", "soap", "proxy"),
            Event(0, "unknown", "nginx", CALLER, "anna", "mail", "direct"),
            Event(0, "lockout", "audit", CALLER, "anna", "soap", "proxy"),
            Event(0, "success", "audit", CALLER, "anna", "soap", "proxy"),
            Event(0, "failure", "syslog", "", "anna", "smtp", "none"),
        )
        for row in rows:
            assert bans([row] * 9) == [], row

    def test_past_a_proxy_only_direct_ones_count(self) -> None:
        placed = (Placed(LOGIN, (), "direct"),)
        assert not list(simulated([failure(n) for n in range(9)], placed, SITE))


class TestDoubts:
    def test_an_attacker_leaves_none(self) -> None:
        (one,) = seen([failure(n, account=f"a{n}") for n in range(5)])
        assert (one.doubts, one.failures, one.guessed) == ((), 5, 5)

    def test_a_good_login_makes_it_doubtful(self) -> None:
        (one,) = seen([*(failure(n) for n in range(3)), success(9)])
        assert one.doubts == ("logins",)

    def test_an_office_is_shared(self) -> None:
        good = [success(n, account=f"a{n}") for n in range(10)]
        (one,) = seen([*good, *(failure(20 + n) for n in range(3))])
        assert one.doubts == ("shared", "logins")

    def test_logins_that_clients_can_write_make_none(self) -> None:
        """Whole lines of sync.log and mailbox.log may be theirs."""
        forged = [
            msgspec.structs.replace(success(n, account=f"a{n}"), log=log)
            for n, log in enumerate(("sync", "mailbox") * 6)
        ]
        (one,) = seen([*forged, *(failure(20 + n) for n in range(3))])
        assert one.doubts == ()

    def test_nobody_saves_himself_by_announcing_others(self) -> None:
        rows = [
            Event(n, "failure", "audit", CALLER, "a", "imap", "direct", peer=CALLER)
            for n in range(3)
        ]
        (one,) = seen(rows)
        assert one.doubts == ()
        (one,) = seen([*rows, success(9)])
        assert one.doubts == ("announces", "logins")

    def test_an_inner_address_is_told(self) -> None:
        (one,) = seen([failure(n, "10.0.0.9") for n in range(3)])
        assert one.doubts == ("private",)

    def test_who_is_spared_is_told_as_such(self) -> None:
        proxy = Spared(f"{CALLER}/32", "networks.proxies of the profile", between=True)
        (one,) = seen([failure(n) for n in range(3)], proxy)
        assert (one.spared, one.hides) == (proxy.why, True)


def test_memory_is_bounded() -> None:
    watch = Watch(Rule(5, 600, 3600))
    for number in range(50_000):
        watch.failed(f"2001:db8::{number:x}", number)
    assert len(watch._seen) <= 10_001


def _theirs(rule: Rule, failures: Sequence[float]) -> list[float]:
    """Return when fail2ban's own memory of failures bans one address."""
    server = import_module("fail2ban.server.failmanager")
    ticket = import_module("fail2ban.server.ticket").FailTicket
    memory, found, until = server.FailManager(), [], 0.0
    memory.setMaxRetry(rule.failures)
    memory.setMaxTime(rule.window)
    for when in failures:
        if when < until:
            continue
        memory.cleanup(when)
        memory.addFailure(ticket(CALLER, when))
        try:
            memory.toBan(CALLER)
        except server.FailManagerEmpty:
            continue
        found.append(when)
        until = when + rule.ban
    return found


def _ours(rule: Rule, failures: Sequence[float]) -> list[float]:
    watch = Watch(rule)
    return [when for when in failures if watch.failed(CALLER, when)]


@pytest.fixture
def fail2ban(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not (FAIL2BAN / "fail2ban").is_dir():
        pytest.skip("fail2ban is not installed")
    monkeypatch.setattr(sys, "path", [*sys.path, str(FAIL2BAN)])
    yield
    for name in [one for one in sys.modules if one.startswith("fail2ban")]:
        del sys.modules[name]


@pytest.mark.usefixtures("fail2ban")
@pytest.mark.parametrize("series", [100, pytest.param(2000, marks=pytest.mark.proof)])
def test_fail2ban_itself_bans_at_the_same_failures(series: int) -> None:
    """Its own class counts so many series of failures, fast and slow."""
    chance = random.Random(7)  # noqa: S311  # a test
    banned = 0
    for _ in range(series):
        rule = Rule(chance.randint(2, 8), chance.randint(10, 900), 300)
        pace = chance.choice((1, 20, 150, 400))
        when, times = 0.0, []
        for _ in range(chance.randint(1, 60)):
            when += chance.randint(0, pace)
            times.append(when)
        theirs = _theirs(rule, times)
        assert _ours(rule, times) == theirs, (rule, times)
        banned += len(theirs)
    assert banned > series // 2


def test_the_profile_says_how_long() -> None:
    first, again = rules(SITE)
    assert first == Rule(3, 600, 3600)
    assert again == Rule(2, 86_400, 604_800)
