"""Ports as strangers see them: who may reach what, and what silence is worth."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from zmward.catalog.ports import PORTS, ports
from zmward.controls.registry import controls
from zmward.controls.shapes.outside_ways import (
    Way,
    may,
    rows_of,
    seen_port,
    sight_of,
)
from zmward.deviation import Judgement
from zmward.outlook import Outlook, Vantage
from zmward.profile import Allow, Firewall, Networks, Profile, Services
from zmward.scan.seen import PortSeen, Seen

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STRANGER, ADMIN, PEER = "203.0.113.9", "10.9.0.5", "192.0.2.11"
SITE = Profile(
    networks=Networks(admins=("10.9.0.0/24",), clients=("10.0.0.0/8",)),
    firewall=Firewall(cluster=("192.0.2.11/32",)),
)


def judged(name: str, seen: Seen, profile: Profile = SITE) -> tuple[Judgement, ...]:
    outside = controls()[name].outside
    assert outside
    return tuple(outside.look(seen, Outlook(profile, NOW, "mail")))


def states(found: Iterable[Judgement]) -> list[str]:
    return [one.state.value for one in found]


@pytest.mark.parametrize(
    ("name", "zone", "expected"),
    [
        ("smtp", "internet", True),
        ("imaps", "internet", False),
        ("imaps", "clients", True),
        ("mailbox-admin", "clients", False),
        ("mailbox-admin", "admin", True),
        ("mailbox-admin", "cluster", True),
        ("ldap", "admin", False),
        ("ldap", "cluster", True),
        ("mariadb", "cluster", False),
        ("ssh", "internet", False),
    ],
)
def test_a_port_is_for_its_zones(name: str, zone: Vantage, expected: bool) -> None:  # noqa: FBT001  # a row of the table
    way = Way(seen_port(ports()[name].port), zone, STRANGER)
    assert may(ports()[name], way, SITE) is expected


def test_what_the_profile_leaves_open_is_nobodys_fault() -> None:
    way = Way(seen_port(22), "internet", STRANGER)
    assert may(ports()["ssh"], way, Profile()) is None
    assert (
        may(ports()["imaps"], Way(seen_port(993), "internet", STRANGER), Profile())
        is None
    )
    wanted = Profile(services=Services(imap="wanted"))
    assert may(ports()["imaps"], Way(seen_port(993), "internet", STRANGER), wanted)


def test_who_is_named_may() -> None:
    named = Profile(
        firewall=Firewall(allow=(Allow(("203.0.113.0/28",), "x", name="ldap"),))
    )
    assert may(ports()["ldap"], Way(seen_port(389), "internet", STRANGER), named)
    other = Way(seen_port(389), "internet", "203.0.113.99")
    assert may(ports()["ldap"], other, named) is False


def test_the_same_port_is_fine_from_inside_and_bad_from_outside() -> None:
    open_ = seen_port(389, service="ldap")
    name = "ldap-closed-to-strangers"
    assert states(judged(name, sight_of(open_, source=STRANGER))) == ["bad"]
    assert states(judged(name, sight_of(open_, source=ADMIN))) == ["bad"]
    assert states(judged(name, sight_of(open_, source=PEER))) == ["n/a"]
    assert states(judged(name, sight_of(open_, source="127.0.0.1"))) == ["n/a"]


def test_a_service_is_known_wherever_it_listens() -> None:
    moved = seen_port(12_211, service="memcached")
    (found,) = judged("memcached-closed-to-strangers", sight_of(moved))
    assert found.state == "bad"
    assert "12211" in found.subject


def test_a_row_of_another_number_does_not_answer_for_a_port() -> None:
    web = seen_port(443, service="http")
    assert states(judged("internal-ports-closed", sight_of(web))) == ["n/a"]


def test_silence_over_udp_is_no_closed_port() -> None:
    silent = seen_port(161, "filtered", udp=True)
    assert states(judged("internal-ports-closed", sight_of(silent))) == ["n/a"]
    refused = seen_port(161, "closed", udp=True)
    assert states(judged("internal-ports-closed", sight_of(refused))) == ["ok"]


def test_every_port_that_is_not_for_strangers_is_judged_by_one_control() -> None:
    inner = (
        *("ldap-closed-to-strangers", "memcached-closed-to-strangers"),
        *(
            "admin-console-closed",
            "internal-ports-closed",
            "loopback-ports-on-loopback",
        ),
        "rules-equal-whitelist",
    )
    profile = Profile(networks=Networks(admins=("10.9.0.0/24",)))
    for row in rows_of("admin", "cluster", "loopback"):
        seen = sight_of(seen_port(row.port, udp=row.protocols == ("udp",)))
        bad = [n for n in inner if "bad" in states(judged(n, seen, profile))]
        assert len(bad) == 1, (row.name, bad)


def test_no_outer_port_is_taken_for_an_inner_one() -> None:
    outer = [row for row in PORTS if row.exposure in ("internet", "clients")]
    for row in outer:
        for name in ("internal-ports-closed", "loopback-ports-on-loopback"):
            assert states(judged(name, sight_of(seen_port(row.port)))) == ["n/a"]


def test_ipv6_alone_shut_is_told() -> None:
    seen = sight_of(seen_port(25), PortSeen(25, "tcp", "2001:db8::10", "filtered"))
    found = judged("rules-equal-whitelist", seen)
    (bad,) = [one for one in found if one.state == "bad"]
    assert "(2001:db8::10)" in bad.subject
    assert bad.evidence[0].excerpt == (
        f"a connection from {STRANGER} to [2001:db8::10]:25: nothing came back"
    )


def test_an_unknown_port_is_bad_and_a_known_one_not() -> None:
    name = "open-ports-known"
    assert states(judged(name, sight_of(seen_port(3389)))) == ["bad"]
    office = Profile(networks=Networks(admins=("198.51.100.0/24",)))
    seen = sight_of(seen_port(3389), source="198.51.100.7")
    assert states(judged(name, seen, office)) == ["n/a"]
    # Nobody knows whether the server ever saw this inner address.
    seen = sight_of(seen_port(3389), source=ADMIN)
    assert states(judged(name, seen)) == ["unknown"]


def test_a_host_that_answers_for_everything_is_said_once() -> None:
    many = (seen_port(number) for number in range(30000, 60000))
    found = judged("open-ports-known", sight_of(*many, asked=("tcp 1-65535",)))
    assert states(found) == ["bad"]
    assert found[0].deviation
    assert "30000 ports that nobody knows are open (30000-59999)" in (
        found[0].deviation.found
    )


def test_a_neighbour_is_not_called_the_internet() -> None:
    seen = sight_of(seen_port(11211), source="192.0.2.1")
    (found,) = judged("memcached-closed-to-strangers", seen)
    assert found.deviation
    assert "192.0.2.1, a neighbour" in found.deviation.found


class TestBehindARouter:
    """The looker's inner address, which the profile may name, and a public server."""

    HOME = "192.168.1.20"
    NAMED = Profile(
        networks=Networks(admins=("192.168.0.0/16",), relays=("192.168.0.0/16",)),
        firewall=Firewall(
            cluster=("10.20.0.0/16",),
            allow=(Allow(("172.16.0.0/12",), "x", name="ldap"),),
        ),
    )

    @pytest.mark.parametrize(
        ("name", "port", "source", "expected"),
        [
            ("admin-console-closed", 7071, HOME, "unknown"),
            ("internal-ports-closed", 7025, HOME, "bad"),
            ("internal-ports-closed", 7025, "10.20.3.4", "unknown"),
            ("ldap-closed-to-strangers", 389, "172.17.3.4", "unknown"),
            ("ldap-closed-to-strangers", 389, "10.1.2.3", "bad"),
            ("ldap-closed-to-strangers", 389, "100.64.3.4", "bad"),
        ],
    )
    def test_an_open_port_is_never_let_pass_by_the_zone(
        self, name: str, port: int, source: str, expected: str
    ) -> None:
        seen = sight_of(seen_port(port), source=source)
        (found,) = judged(name, seen, self.NAMED)
        assert found.state == expected
        assert source in (found.reason or found.deviation.found)  # type: ignore[union-attr]  # the one or the other

    @pytest.mark.parametrize("source", [HOME, "10.1.2.3", "fd00::5", "172.17.3.4"])
    def test_who_sits_at_home_sees_what_strangers_see(self, source: str) -> None:
        for name, port in (
            ("admin-console-closed", 7071),
            ("internal-ports-closed", 7025),
        ):
            seen = sight_of(seen_port(port, "filtered"), source=source)
            assert states(judged(name, seen, self.NAMED)) == ["ok"]
            assert states(judged(name, seen, Profile())) == ["ok"]

    def test_within_one_network_nothing_is_hidden(self) -> None:
        port = PortSeen(7071, "tcp", "192.168.1.9", "open")
        assert states(
            judged("admin-console-closed", sight_of(port, source=self.HOME), self.NAMED)
        ) == ["n/a"]
