"""Which jails a server gets, whom they spare, and what keeps them from starting."""

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from tests.firewall.site import LISTENERS, NODE, cluster, single
from tests.logs.files import failed, good, read
from zmward.bans.jails import BAN_LOG, EVENT_LOGS, MAIL_LOG
from zmward.bans.render import FILES, JAIL_FILE, MARK, rendered
from zmward.bans.spared import Lookup
from zmward.bans.victims import victims
from zmward.bans.wanted import Bans, Ground, against, bans
from zmward.facts import Facts
from zmward.logs.event import Event
from zmward.logs.joined import joined
from zmward.logs.report import LogReport, report
from zmward.logs.tally import Tally
from zmward.sources.fail2ban import Fail2ban, Jail
from zmward.sources.listeners import Listener

GOLDEN = Path(__file__).parent / "golden"
ALL = frozenset((MAIL_LOG, EVENT_LOGS, BAN_LOG))
GROUND = Ground(ALL, ("203.0.113.66",))
PROFILE = {
    "networks": {
        "admins": ["10.1.0.0/24", "2001:db8:a::/48"],
        "clients": ["10.0.0.0/8"],
        "proxies": ["192.0.2.99/32"],
    },
    "bans": {"spared": ["198.51.100.128/25"], "failures": 4},
}
CONFIG = {
    "zimbraMailTrustedIP": ("127.0.0.1", "192.0.2.10"),
    "zimbraHttpThrottleSafeIPs": "203.0.113.0/28",
}
ATTACKER = "198.51.100.7"


def one(**given: Any) -> Bans:
    return bans(single(config=CONFIG, profile=PROFILE, **given), NODE, GROUND)


def names(found: Bans) -> list[str]:
    return [placed.jail.name for placed in found.jails]


def of(found: Bans, subject: str) -> str:
    every = (*found.refused, *found.left, *found.notes)
    return " ".join(reason.text for reason in every if reason.subject == subject)


def seen(lines: list[Event]) -> LogReport:
    tally = Tally(single().profile.logs)
    tally.add(joined(lines))
    logs = single().profile.logs
    return report(tally, logs, UTC, counts=(1, 1, 0), files=(), notes=())


def reasons(found: Bans, facts: Facts, *lines: str, trusted: str = "") -> list[str]:
    """Return why jails must not start, by what audit.log says."""
    events = read("audit", *lines, trusted=trusted or "192.0.2.10")
    hit = victims(events, found.jails, facts.profile.bans, Lookup(found.spared))
    return [one.subject for one in against(seen(events), found.jails, hit)]


class TestJails:
    def test_one_server_gets_them_all(self) -> None:
        found = one()
        assert names(found) == ["zmward-smtp", "zmward-login", "zmward-recidive"]
        ports = {placed.jail.name: placed.ports for placed in found.jails}
        assert ports["zmward-smtp"] == (25, 465, 587)
        assert {443, 993, 7071} <= set(ports["zmward-login"])
        assert found.refused == ()

    @pytest.mark.parametrize(
        ("node", "wanted"),
        [
            ("mta", ["zmward-smtp", "zmward-recidive"]),
            ("proxy", ["zmward-login", "zmward-recidive"]),
            ("store", ["zmward-login", "zmward-recidive"]),
            ("ldap", []),
        ],
    )
    def test_a_node_gets_those_of_its_roles(self, node: str, wanted: list[str]) -> None:
        found = bans(cluster(PROFILE, CONFIG), f"{node}.example.com", GROUND)
        assert names(found) == wanted
        assert bool(found.refused) == (not wanted)

    def test_behind_a_proxy_only_direct_ones_are_banned(self) -> None:
        facts = cluster(PROFILE, CONFIG)
        (store, _), (proxy, _) = (
            bans(facts, f"{node}.example.com", GROUND).jails
            for node in ("store", "proxy")
        )
        assert store.ways == "direct"
        assert proxy.ways == "(?:direct|proxy)"
        told = of(bans(facts, "store.example.com", GROUND), "zmward-login")
        assert "proxy.example.com" in told

    def test_without_an_event_log_that_jail_is_left_out(self) -> None:
        ground = Ground(frozenset((MAIL_LOG, BAN_LOG)))
        found = bans(single(config=CONFIG), NODE, ground)
        assert names(found) == ["zmward-smtp", "zmward-recidive"]
        assert "zmward logs follow" in of(found, "zmward-login")

    def test_without_any_log_nothing_starts(self) -> None:
        found = bans(single(config=CONFIG), NODE, Ground(frozenset()))
        assert found.jails == ()
        assert "nothing" not in of(found, "zmward-recidive")
        assert of(found, "jails")

    def test_a_foreign_jail_on_the_same_port_or_log_is_named(self) -> None:
        jails = (
            Jail("sshd", "sshd", ("/var/log/auth.log",), "", frozenset((22,))),
            Jail("web", "web", ("/var/log/x.log",), "", frozenset((443, 80))),
            Jail("zimbra", "zimbra", ("/opt/zimbra/log/audit.log",)),
            Jail("zmward-smtp", "zmward-smtp", (MAIL_LOG,), "", frozenset((25,))),
        )
        found = one(fail2ban=Fail2ban(jails, (), {}))
        assert [note.subject for note in found.notes] == ["web", "zimbra"]
        assert "bans on 80, 443" in of(found, "web") or "443" in of(found, "web")
        assert "audit.log" in of(found, "zimbra")

    @pytest.mark.parametrize(
        ("version", "good"), [("0.9.7-2", False), ("0.10.2-2", True), ("1.0.2", True)]
    )
    def test_a_fail2ban_without_ipv6_is_refused(self, version: str, good: bool) -> None:  # noqa: FBT001  # a row of a table
        found = one(packages={"zimbra-core": "10.1.20", "fail2ban": version})
        assert bool(of(found, "fail2ban")) != good


class TestSpared:
    def test_whoever_is_known_is_spared(self) -> None:
        spared = Lookup(one().spared)
        for address in (
            *("127.0.0.1", "::1", "192.0.2.10", "2001:db8::10", "192.0.2.99"),
            *("10.1.0.7", "2001:db8:a::1", "10.200.0.1", "203.0.113.5"),
            *("198.51.100.200", "203.0.113.66"),
        ):
            assert spared.find(address), address
        assert spared.find(ATTACKER) is None

    def test_every_node_of_a_cluster_is_spared(self) -> None:
        spared = Lookup(bans(cluster({}), "mta.example.com", GROUND).spared)
        for last in range(11, 16):
            for address in (f"192.0.2.{last}", f"2001:db8::{last}"):
                found = spared.find(address)
                assert found is not None
                assert found.between

    def test_a_node_without_an_address_refuses(self) -> None:
        names = ("ldap", "store", "mta", "proxy", "logger")
        nowhere = {
            name: {"resolved_names": {}, "addresses": ("127.0.0.1",)} for name in names
        }
        found = bans(cluster({}, nodes=nowhere), "mta.example.com", GROUND)
        assert "proxy.example.com" in {one.subject for one in found.refused}

    def test_ipv4_inside_ipv6_is_spared_as_fail2ban_knows_it(self) -> None:
        profile = {
            "bans": {"spared": ["::ffff:198.51.100.9", "::ffff:203.0.113.0/120"]}
        }
        found = bans(single(config=CONFIG, profile=profile), NODE, GROUND)
        words = [one.word for one in found.spared]
        assert "198.51.100.9" in words
        assert "203.0.113.0/24" in words

    def test_what_the_site_spares_already_stays_so(self) -> None:
        kept = Fail2ban((), (), {}, common="127.0.0.1/8 10.9.9.9 good.example $(x) a;b")
        words = [one.word for one in one(fail2ban=kept).spared]
        assert {"10.9.9.9", "good.example"} <= set(words)
        assert not [word for word in words if set(word) & set("$;() ")]

    def test_a_network_of_everybody_is_refused(self) -> None:
        profile = {"networks": {"clients": ["0.0.0.0/0"]}}
        found = bans(single(profile=profile), NODE, GROUND)
        assert "spares everybody" in of(found, "0.0.0.0/0")


class TestAgainst:
    FACTS = single(config=CONFIG, profile=PROFILE)
    OFFICE = "203.0.113.77"

    def test_a_usual_attack_speaks_against_nothing(self) -> None:
        lines = [
            good("oip=203.0.113.200;soapId=0;"),
            *(failed(f"oip={ATTACKER};soapId={n};") for n in range(9)),
        ]
        assert reasons(one(), self.FACTS, *lines) == []

    def test_hidden_clients_do(self) -> None:
        lines = [good(f"ip=192.0.2.10;soapId={n};") for n in range(9)]
        assert reasons(one(), self.FACTS, *lines) == ["origin-ip"]

    def test_so_does_that_nobody_has_logged_in(self) -> None:
        assert reasons(one(), self.FACTS) == ["origin-ip"]

    @pytest.mark.parametrize("address", ["*", "192.0.2.10", "127.0.0.1"])
    def test_who_takes_lines_of_others_is_told(self, address: str) -> None:
        found = one(listeners=(*LISTENERS, Listener("udp", address, 514, "rsyslogd")))
        told = "Port 514 takes lines of others" in of(found, "zmward-smtp")
        assert told == (address != "127.0.0.1")

    def test_an_mta_needs_no_logins_of_mailboxd(self) -> None:
        facts = cluster(PROFILE, CONFIG)
        assert reasons(bans(facts, "mta.example.com", GROUND), facts) == []

    def test_an_office_that_would_be_banned(self) -> None:
        lines = [
            *(
                good(f"oip={self.OFFICE};soapId=g{n};", f"a{n}@example.com")
                for n in range(12)
            ),
            *(failed(f"oip={self.OFFICE};soapId={n};") for n in range(4)),
        ]
        assert reasons(one(), self.FACTS, *lines) == [self.OFFICE]
        # With a failure less nobody would be banned.
        assert reasons(one(), self.FACTS, *lines[:-1]) == []

    def test_a_proxy_that_hides_its_clients(self) -> None:
        lines = [
            good("oip=203.0.113.200;soapId=0;"),
            *(failed(f"oip=192.0.2.99;soapId={n};") for n in range(9)),
        ]
        assert reasons(one(), self.FACTS, *lines) == ["192.0.2.99"]

    def test_unread_logs_speak_against_it(self) -> None:
        (reason,) = against(None, one().jails, ())
        assert reason.subject == "logs"


@pytest.mark.parametrize("name", ["single", "store", "proxy"])
def test_the_files_are_these(name: str) -> None:
    facts, host = single(config=CONFIG, profile=PROFILE), NODE
    if name != "single":
        facts, host = cluster(PROFILE, CONFIG), f"{name}.example.com"
    texts = rendered(bans(facts, host, GROUND), facts.profile.bans)
    text = "\n".join(f"==> {path}\n{one}" for path, one in texts.items())
    assert text == (GOLDEN / f"{name}.txt").read_text()


def test_every_file_bears_the_mark_and_is_known() -> None:
    texts = rendered(one(), single().profile.bans)
    assert set(texts) <= set(FILES)
    assert list(texts)[-1] == JAIL_FILE
    assert all(text.startswith(MARK) for text in texts.values())


def test_a_hostile_name_ends_no_comment() -> None:
    facts = single(config={"zimbraMailTrustedIP": "10.9.9.9\n[evil]\nenabled = true"})
    text = rendered(bans(facts, NODE, GROUND), facts.profile.bans)[JAIL_FILE]
    assert "evil" not in text
