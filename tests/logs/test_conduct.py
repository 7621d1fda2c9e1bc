"""What accounts and clients do beside guessing: many places, much mail, many names."""

import pytest

from tests.logs.files import CALLER, PROXY, STAMP, good, read
from tests.logs.told import told
from zmward.catalog.log_attackers import ATTACKERS
from zmward.cli.logs_report import exit_code
from zmward.logs.event import Event
from zmward.logs.sessions import network
from zmward.profile import Logs
from zmward.reports import logs_text

DAY = 86_400.0
# Noon of a day, so that a day of messages stays one.
NOON = 1_730_808_000.0
ANNA = "anna@example.com"


def login(when: float, source: str, account: str = ANNA) -> Event:
    return Event(when, "success", "audit", source, account, "imap", "proxy")


def message(when: float, account: str = ANNA, source: str = CALLER) -> Event:
    return Event(
        *(when, "success", "syslog", source, account, "smtp", "direct"),
        origin="postfix",
    )


def reject(name: str, source: str = CALLER) -> str:
    return (
        f"Nov  5 10:16:45 mta1 postfix/smtpd[3]: NOQUEUE: reject: RCPT from unknown"
        f"[{source}]: 550 5.1.1 <{name}@example.com>: Recipient address rejected: User "
        f"unknown in virtual mailbox table; from=<a@b.example> to=<{name}@example.com> "
        "proto=ESMTP helo=<x>"
    )


class TestManyNetworksAtOnce:
    def test_four_within_minutes_are_nobody_alone(self) -> None:
        found = told([login(NOON + n * 60, f"203.{n}.113.7") for n in range(4)])
        (one,) = found.impossible_sessions
        assert (one.account, one.networks, one.minutes) == (ANNA, 4, 10)
        assert [at.network for at in one.logins] == [
            f"203.{n}.0.0/16" for n in range(4)
        ]
        assert exit_code(found, 0) == 1
        shown = logs_text.render(found)
        assert "✗ 1 account is used from too many networks at once" in shown
        assert f"{ANNA} from 4 networks within 10 minutes" in shown

    def test_a_telephone_a_home_and_an_office_are_one_person(self) -> None:
        some = ("203.0.113.7", "198.51.100.7", "192.88.99.1", "203.0.9.9", "203.0.8.8")
        found = told([login(NOON + n, source) for n, source in enumerate(some * 9)])
        assert found.impossible_sessions == ()
        assert exit_code(found, 0) == 0

    def test_both_families_of_one_place_count_once(self) -> None:
        some = [f"203.{n}.113.7" for n in range(3)]
        some += [f"2a0{n}:db8::7" for n in range(3)]
        found = told([login(NOON + n, source) for n, source in enumerate(some)])
        assert found.impossible_sessions == ()

    def test_hours_apart_are_a_journey(self) -> None:
        found = told([login(NOON + n * 601, f"203.{n}.113.7") for n in range(9)])
        assert found.impossible_sessions == ()

    def test_the_widest_moment_is_kept(self) -> None:
        some = [login(NOON + n, f"203.{n}.113.7") for n in range(4)]
        some += [login(NOON + DAY + n, f"203.{n}.113.7") for n in range(6)]
        some += [login(NOON + 2 * DAY + n, f"203.{n}.113.7") for n in range(4)]
        (one,) = told(some).impossible_sessions
        assert one.networks == 6
        assert one.logins[-1].when.startswith("2024-11-06")

    def test_other_accounts_are_others(self) -> None:
        some = [login(NOON, f"203.{n}.113.7", f"user{n}@a.example") for n in range(9)]
        assert told(some).impossible_sessions == ()

    def test_the_profile_says_how_many(self) -> None:
        some = [login(NOON + n, f"203.{n}.113.7") for n in range(2)]
        assert told(some, Logs(networks_at_once=2)).impossible_sessions

    @pytest.mark.parametrize(
        ("address", "name"),
        [
            ("10.1.2.3", "private"),
            ("192.168.9.9", "private"),
            ("fd00::7", "private"),
            ("8.9.10.11", "8.9.0.0/16"),
            ("2a00:1450:4001::5", "2a00:1450::/32"),
        ],
    )
    def test_a_network_is_the_range_of_a_provider(
        self, address: str, name: str
    ) -> None:
        assert network(address) == name

    def test_memory_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("zmward.logs.sessions._ACCOUNTS", 10)
        some = [login(NOON + n, "203.0.113.7", f"u{n}@a.example") for n in range(40)]
        assert "dropped" in told(some).notes[0]


class TestMuchMail:
    def test_ten_times_the_busiest_day_before_is_unusual(self) -> None:
        some = [message(NOON + n) for n in range(30)]
        some += [message(NOON + DAY + n, source=f"203.0.113.{n}") for n in range(50)]
        some += [message(NOON + DAY + 3600 + n) for n in range(250)]
        found = told(some)
        (one,) = found.sending
        assert (one.account, one.day, one.sent) == (ANNA, "2024-11-06", 300)
        assert (one.usual, one.days_before, one.verdict) == (30, 1, "unusual")
        assert (one.in_busiest_hour, one.sources) == (250, 51)
        assert one.busiest_hour.startswith("2024-11-06T14:00")
        assert exit_code(found, 0) == 1
        assert "✗ 1 account sends unusually much" in logs_text.render(found)

    def test_a_newsletter_as_always_is_usual(self) -> None:
        some = [
            message(NOON + day * DAY + n)
            for day, count in enumerate((500, 400, 1100))
            for n in range(count)
        ]
        assert [one.day for one in told(some).sending] == ["2024-11-05"]
        assert told(some).sending[0].verdict == "no-history"
        assert exit_code(told(some), 0) == 0

    def test_the_first_day_of_the_logs_proves_nothing(self) -> None:
        found = told([message(NOON + n) for n in range(300)])
        assert found.sending[0].verdict == "no-history"
        assert "the first day in the logs" in logs_text.render(found)

    def test_who_never_sent_before_has_a_past_of_nothing(self) -> None:
        some = [message(NOON, "bob@example.com")]
        some += [message(NOON + DAY + n) for n in range(200)]
        (one,) = told(some).sending
        assert (one.usual, one.days_before, one.verdict) == (0, 1, "unusual")

    def test_little_is_never_much(self) -> None:
        some = [message(NOON)] + [message(NOON + DAY + n) for n in range(199)]
        assert told(some).sending == ()

    def test_a_login_that_two_logs_tell_of_is_one(self) -> None:
        audit = Event(
            NOON, "success", "audit", CALLER, ANNA, "smtp", "proxy", origin="audit"
        )
        found = told([audit, message(NOON + 1)])
        assert found.successes == 1
        assert told([message(NOON)]).successes == 1

    def test_memory_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("zmward.logs.sending._ACCOUNTS", 10)
        monkeypatch.setattr("zmward.logs.sending._DAYS", 3)
        some = [message(NOON + n * DAY) for n in range(9)]
        some += [message(NOON + 9 * DAY, f"u{n}@a.example") for n in range(40)]
        some += [message(NOON + 9 * DAY + n) for n in range(300)]
        found = told(some)
        assert "dropped" in found.notes[0]
        assert found.sending[0].sent == 300


class TestRecipients:
    def test_many_names_in_a_day_are_a_search(self) -> None:
        found = told(read("syslog", *[reject(f"user{n}") for n in range(20)]))
        (one,) = found.recipients
        assert (one.address, one.refused, one.in_a_day) == (CALLER, 20, 20)
        assert one.verdict == "enumeration"
        assert found.failures == 0
        assert exit_code(found, 0) == 1
        assert "✗ 1 source attacks" in logs_text.render(found)

    def test_one_old_name_again_and_again_is_none(self) -> None:
        found = told(read("syslog", *[reject("gone")] * 50))
        assert (found.recipients[0].refused, found.recipients[0].verdict) == (50, "few")
        assert exit_code(found, 0) == 0

    def test_a_machine_of_ours_passes_others_on(self) -> None:
        lines = [reject(f"user{n}", PROXY) for n in range(30)]
        assert told(read("syslog", *lines)).recipients == ()

    def test_the_answer_of_another_server_is_no_search(self) -> None:
        line = (
            "Nov  5 10:16:45 mta1 postfix/smtp[3]: 4F2A: to=<z@b.example>, relay=x"
            "[203.0.113.9]:25, status=bounced (host x[203.0.113.9] said: 550 5.1.1 "
            "NOQUEUE: reject: RCPT from a[198.51.100.7]: 550 5.1.1 <z>: Recipient "
            "address rejected: User unknown in virtual mailbox table)"
        )
        assert read("syslog", line) == []


class TestFloods:
    def test_who_is_stopped_is_named(self) -> None:
        line = (
            f"{STAMP.replace(',', '.')}:WARN:oejs.DoSFilter:qtp1-1:https://a/service/: "
            "DOS ALERT: Request rejected ip={}, session=null, user=null"
        )
        lines = [line.format(CALLER)] * 3 + [line.format(PROXY)] * 2
        found = told(read("out", *lines))
        assert [(one.address, one.stopped) for one in found.floods] == [(CALLER, 3)]
        assert found.flooded_proxies == (PROXY,)
        shown = logs_text.render(found)
        assert "zimbraHttpThrottleSafeIPs" in shown
        assert exit_code(found, 0) == 0

    def test_a_session_cannot_name_a_bystander(self) -> None:
        line = (
            f"{STAMP.replace(',', '.')}:WARN:oejs.DoSFilter:qtp1-1:https://a/b;ip="
            f"6.6.6.6,: DOS ALERT: Request rejected ip={CALLER}, session=x DOS ALERT: "
            "Request rejected ip=6.6.6.6, session=, user=null"
        )
        assert {one.source for one in read("out", line)} <= {CALLER}

    def test_other_words_of_jetty_are_quiet(self) -> None:
        assert read("out", "DOS ALERT: not a line of Jetty") == []


class TestPreauth:
    def test_refused_ones_without_an_address_are_counted(self) -> None:
        bad = (
            f"{STAMP} WARN  [qtp1-1:https://a/] [] security - cmd=PreAuth; account="
            "u{}@b.example; admin=false; error=preauth mismatch;"
        )
        soap = f"{STAMP} INFO  [qtp1-1:https://a/] [oip={CALLER};soapId=1;] "
        soap += "security - cmd=PreAuth; account=a@b.example; admin=false;"
        found = told(read("audit", *[bad.format(n) for n in range(10)], soap))
        (one,) = found.preauth
        assert (one.accepted, one.refused, one.without_origin) == (1, 10, 10)
        assert one.verdict == "guessing"
        assert exit_code(found, 0) == 1
        assert "1 domain with guessed" in logs_text.render(found)


def test_a_lockout_is_counted_at_its_account() -> None:
    line = (
        f"{STAMP} INFO  [qtp1-1:https://a/] [oip={CALLER};soapId=1;] security - cmd="
        f"Auth; account={ANNA}; error=account lockout due to too many failed logins;"
    )
    (one,) = told(read("audit", line)).accounts
    assert (one.account, one.lockouts, one.failures) == (ANNA, 1, 0)


def test_good_logins_alone_are_no_attack() -> None:
    found = told(read("audit", *[good(f"oip={CALLER};soapId={n};") for n in range(99)]))
    assert exit_code(found, 0) == 0
    assert found.successes == 99


def test_an_address_of_a_known_campaign_is_told_though_it_logs_in_well() -> None:
    address, cve = next(iter(ATTACKERS.items()))
    found = told([login(NOON, address), login(NOON, "203.0.113.1")])
    (one,) = found.sources
    assert (one.address, one.verdict, one.campaign) == (address, "campaign", cve)
    assert (one.successes, one.failures) == (1, 0)
    assert exit_code(found, 0) == 1
