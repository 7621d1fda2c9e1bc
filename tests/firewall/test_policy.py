"""The whitelist of a node: the minimum, what the profile adds, and what refuses."""

from typing import Any

import msgspec
import pytest

from tests.firewall.site import (
    LISTENERS,
    NODE,
    NOW,
    cluster,
    connection,
    raw,
    single,
)
from zmward.evidence import Evidence
from zmward.facts import Facts
from zmward.firewall.openings import EVERYBODY, Policy
from zmward.firewall.policy import policy
from zmward.firewall.ranges import networks, written
from zmward.profile import Profile
from zmward.sources.listeners import Listener
from zmward.sources.sshd import Case

ADMINS = {"admins": ["10.1.0.0/24", "2001:db8:a::/48"]}
CLIENTS = {"clients": ["10.0.0.0/8", "2001:db8:c::/48"]}


def made(
    profile: dict[str, Any] | None = None,
    server: dict[str, str] | None = None,
    operators: tuple[str, ...] = (),
    **node: Any,
) -> Policy:
    return policy(single(server, None, profile, **node), NODE, operators)


def opened(found: Policy) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return service and zone to ports."""
    return {
        (one.name, one.zone): tuple(first for first, _ in one.ports)
        for one in found.openings
    }


def kinds(found: Policy) -> dict[str, str]:
    """Return the kind of each refusing problem with its text."""
    return {problem.kind: problem.text for problem in found.refused}


def listening(*more: Listener) -> tuple[Listener, ...]:
    return (*LISTENERS, *more)


class TestTheMinimumOfASingleServer:
    def test_it_is_mail_and_the_web_for_all_clients_ports_for_clients(self) -> None:
        found = made({"networks": {**ADMINS, **CLIENTS}})
        assert opened(found) == {
            ("ssh", "admin"): (22,),
            ("smtp", "internet"): (25,),
            ("http", "internet"): (80,),
            ("https", "internet"): (443,),
            ("smtps", "clients"): (465,),
            ("submission", "clients"): (587,),
            ("imaps", "clients"): (993,),
            ("pop3s", "clients"): (995,),
        }
        assert not found.refused

    def test_the_console_and_inner_ports_are_closed(self) -> None:
        closed = " ".join(made({"networks": ADMINS}).closed)
        for name in (
            "mailbox-admin (7071)",
            "memcached",
            "lmtp",
            "ldap",
            "mailbox-imap",
        ):
            assert name in closed

    def test_the_lan_gets_the_ports_of_clients_only(self) -> None:
        found = made({"networks": {**ADMINS, **CLIENTS}})
        lan = int(networks(("10.7.7.7",), "ipv4").pairs[0][0])
        reached = {
            first
            for one in found.openings
            if lan in one.sources.ipv4
            for first, _ in one.ports
        }
        assert reached == {25, 80, 443, 465, 587, 993, 995}

    def test_every_entry_says_where_it_comes_from(self) -> None:
        for one in made({"networks": {**ADMINS, **CLIENTS}}).openings:
            assert one.why
            assert one.origin

    def test_a_service_nobody_decided_about_refuses(self) -> None:
        found = made({"networks": ADMINS})
        assert ("imaps", "clients") not in opened(found)
        texts = [p.text for p in found.refused]
        assert any("imaps (993)" in text and "services.imap" in text for text in texts)

    def test_a_wanted_service_is_open_to_everybody_where_clients_are_anywhere(
        self,
    ) -> None:
        own = {"imap": "wanted", "pop": "unwanted", "smtp-auth": "wanted"}
        found = made({"networks": ADMINS, "services": own})
        ports = opened(found)
        assert ports["imaps", "internet"] == (993,)
        assert ("pop3s", "internet") not in ports
        assert not found.refused

    def test_starttls_ports_are_told_and_stay_closed(self) -> None:
        found = made({"networks": {**ADMINS, **CLIENTS}})
        told = [p for p in found.problems if p.subject == "imap"]
        assert [p.refuses for p in told] == [False]

    def test_port_80_is_closed_where_nothing_listens_there(self) -> None:
        found = made({"networks": ADMINS}, {"zimbraReverseProxyMailMode": "https"})
        assert ("http", "internet") not in opened(found)

    def test_pages_without_tls_are_said_aloud(self) -> None:
        found = made({"networks": ADMINS}, {"zimbraReverseProxyMailMode": "both"})
        assert any("without TLS (mode both)" in p.text for p in found.problems)
        found = made({"networks": ADMINS})
        assert not any("without TLS" in p.text for p in found.problems)

    def test_a_changed_port_is_followed(self) -> None:
        profile = {
            "networks": ADMINS,
            "firewall": {"services": {"mailbox-admin": ["admin"]}},
        }
        found = made(profile, {"zimbraAdminPort": "17071"})
        assert opened(found)["mailbox-admin", "admin"] == (17071,)


class TestSsh:
    def test_without_a_network_of_administrators_it_is_open_and_said(self) -> None:
        found = made()
        ssh = next(one for one in found.openings if one.name == "ssh")
        assert ssh.sources == EVERYBODY
        assert ssh.rate == "20/minute"
        assert "no-admin-network" in {p.kind for p in found.problems if not p.refuses}

    def test_its_port_is_that_of_sshd(self) -> None:
        case = Case("root", "198.51.100.1", {"port": ("2222", "22022")})
        found = made({"networks": ADMINS}, sshd=(case,), listeners=())
        assert opened(found)["ssh", "admin"] == (2222, 22022)

    def test_a_socket_that_sshd_holds_counts_too(self) -> None:
        more = listening(Listener("tcp", "*", 2022, "sshd"))
        found = made({"networks": ADMINS}, listeners=more)
        assert opened(found)["ssh", "admin"] == (22, 2022)

    def test_an_unknown_port_refuses(self) -> None:
        found = made({"networks": ADMINS}, sshd=None, listeners=())
        assert "22 is assumed" in kinds(found)["not-known"]

    def test_the_operator_is_never_shut_out(self) -> None:
        found = made({"networks": ADMINS}, operators=("198.51.100.9", "10.1.0.5"))
        assert "198.51.100.9 works on" in kinds(found)["lock-out"]
        assert not [p for p in found.refused if "10.1.0.5" in p.text]

    def test_who_is_connected_by_ssh_is_an_operator(self) -> None:
        seen = (connection(22, "2001:db8:ffff::1", "sshd"),)
        found = made({"networks": ADMINS}, established=seen)
        assert "2001:db8:ffff::1 works on" in kinds(found)["lock-out"]

    def test_it_refuses_where_nobody_knows_who_works_there(self) -> None:
        found = made({"networks": {**ADMINS, **CLIENTS}}, established=None)
        assert "Who works on" in kinds(found)["not-known"]
        found = made(
            {"networks": {**ADMINS, **CLIENTS}},
            operators=("10.1.0.5",),
            established=None,
        )
        assert not found.refused

    def test_nobody_left_is_a_lock_out(self) -> None:
        profile = {"networks": ADMINS, "firewall": {"services": {"ssh": ["cluster"]}}}
        assert "lock-out" in kinds(made(profile))

    def test_refusing_ssh_is_a_lock_out(self) -> None:
        refuse = [{"name": "ssh", "why": "a mistake"}]
        found = made({"networks": ADMINS, "firewall": {"refuse": refuse}})
        assert "lock-out" in kinds(found)


class TestWhatTheProfileAdds:
    def test_an_extra_opening(self) -> None:
        allow = [{"port": "7788-7799", "from": ["10.3.0.2/32"], "why": "storage"}]
        found = made({"networks": ADMINS, "firewall": {"allow": allow}})
        own = next(one for one in found.openings if one.why == "storage")
        assert own.ports == ((7788, 7799),)
        assert own.origin == "profile:firewall.allow[1]"
        assert written(own.sources.ipv4, "ipv4") == ("10.3.0.2/32",)

    def test_a_refusal_closes_what_the_catalog_opens(self) -> None:
        own = {"refuse": [{"name": "https", "why": "no web client here"}]}
        found = made({"networks": {**ADMINS, **CLIENTS}, "firewall": own})
        assert ("https", "internet") not in opened(found)
        assert not found.refused

    def test_a_refusal_of_a_part_contradicts(self) -> None:
        own = {
            "allow": [{"port": "4000-4010", "from": ["admin"], "why": "x"}],
            "refuse": [{"port": 4005, "why": "y"}],
        }
        found = made({"networks": {**ADMINS, **CLIENTS}, "firewall": own})
        assert "contradict" in kinds(found)["undecided"]

    def test_an_unknown_service_names_the_nearest(self) -> None:
        own = {"services": {"mailbox-admn": ["admin"]}}
        found = made({"networks": ADMINS, "firewall": own})
        assert "did you mean 'mailbox-admin'?" in kinds(found)["unknown-service"]

    @pytest.mark.parametrize(
        ("entry", "said"),
        [
            ({"name": "zabix-agent"}, "did you mean 'zabbix-agent'?"),
            ({"protocol": "vrp"}, "did you mean 'vrrp'?"),
            ({"protocol": "tcp"}, "tcp needs a port"),
            ({"protocol": "esp", "port": 5}, "esp has no ports"),
        ],
    )
    def test_entries_that_say_nothing_refuse(
        self, entry: dict[str, Any], said: str
    ) -> None:
        allow = [{**entry, "from": ["admin"], "why": "x"}]
        found = made({"networks": ADMINS, "firewall": {"allow": allow}})
        assert said in kinds(found)["unknown-service"]

    def test_a_zone_without_addresses_refuses(self) -> None:
        allow = [{"name": "nrpe", "from": ["monitoring"], "why": "x"}]
        found = made({"networks": ADMINS, "firewall": {"allow": allow}})
        assert "the zone monitoring" in kinds(found)["network"]

    @pytest.mark.parametrize("zone", ["internet", "clients"])
    def test_inner_services_are_never_given_to_clients(self, zone: str) -> None:
        own = {"services": {"memcached": [zone]}}
        found = made({"networks": {**ADMINS, **CLIENTS}, "firewall": own})
        assert "memcached is never opened" in kinds(found)["exposure"]
        assert ("memcached", zone) not in opened(found)

    def test_an_extra_opening_of_an_inner_port_to_all_refuses(self) -> None:
        allow = [{"port": 11211, "from": ["0.0.0.0/0"], "why": "x"}]
        found = made({"networks": ADMINS, "firewall": {"allow": allow}})
        assert "opens memcached to everybody" in kinds(found)["exposure"]

    def test_the_console_for_everybody_is_said_aloud(self) -> None:
        allow = [{"name": "mailbox-admin", "from": ["internet"], "why": "x"}]
        found = made({"networks": ADMINS, "firewall": {"allow": allow}})
        told = [p.text for p in found.problems if p.kind == "exposure"]
        assert any("mailbox-admin to everybody" in text for text in told)

    def test_overlapping_networks_are_told(self) -> None:
        own = {"admins": ["10.1.0.0/16", "10.1.2.0/24", "2001:db8::/32"]}
        told = [p for p in made({"networks": own}).problems if p.kind == "network"]
        assert [p.refuses for p in told] == [False]

    def test_a_zone_that_is_everybody_refuses(self) -> None:
        own = {**ADMINS, "monitoring": ["0.0.0.0/0"]}
        assert "is everybody" in kinds(made({"networks": own}))["network"]

    def test_clients_that_are_administrators_are_told(self) -> None:
        own = {"admins": ["10.0.0.0/8", "fd00::/8"], "clients": ["10.2.0.0/16"]}
        found = made({"networks": own})
        assert any("clients reach SSH" in p.text for p in found.problems)

    def test_balancers_and_relays_have_no_limit_on_mail(self) -> None:
        own = {**ADMINS, "proxies": ["192.0.2.200/32"]}
        rates = {
            one.zone: one.rate
            for one in made({"networks": own}).openings
            if one.name == "smtp"
        }
        assert rates == {"named": "", "internet": "300/minute"}


class TestWhatElseListens:
    def test_a_stranger_refuses_with_the_line_to_write(self) -> None:
        more = listening(Listener("tcp", "*", 4444, "thing"))
        found = made({"networks": {**ADMINS, **CLIENTS}}, listeners=more)
        assert 'port = 4444, protocol = "tcp"' in kinds(found)["listener"]

    def test_it_may_be_allowed_or_refused(self) -> None:
        more = listening(Listener("tcp", "*", 4444, "thing"))
        for own in (
            {"allow": [{"port": 4444, "from": ["admin"], "why": "x"}]},
            {"refuse": [{"port": 4444, "why": "x"}]},
        ):
            profile = {"networks": {**ADMINS, **CLIENTS}, "firewall": own}
            assert not made(profile, listeners=more).refused

    def test_loopback_and_short_lived_sockets_are_no_matter(self) -> None:
        more = listening(
            Listener("tcp", "127.0.0.1", 4444, "thing"),
            Listener("udp", "*", 40_000, "named"),
            Listener("udp", "*", 123, "ntpd"),
        )
        profile = {"networks": {**ADMINS, **CLIENTS}}
        assert not made(profile, listeners=more).refused

    @pytest.mark.parametrize(
        ("program", "refuses"),
        [("rsyslogd", False), ("mosh-server", True), ("", True)],
    )
    def test_a_port_that_the_system_picked_is_nobodys_service(
        self, program: str, *, refuses: bool
    ) -> None:
        """A node that sends its log is given any port, one of mosh's as well."""
        more = listening(Listener("udp", "*", 60_586, program))
        found = made({"networks": {**ADMINS, **CLIENTS}}, listeners=more)
        assert bool(found.refused) is refuses

    def test_a_socket_of_the_kernel_is_a_tunnel(self) -> None:
        more = listening(Listener("udp", "*", 51_820))
        found = made({"networks": {**ADMINS, **CLIENTS}}, listeners=more)
        assert 'name = "wireguard"' in kinds(found)["listener"]

    def test_dhcp_stays_alive(self) -> None:
        more = listening(
            Listener("udp", "*", 68, "dhclient"), Listener("udp", "*", 546, "networkd")
        )
        found = made({"networks": {**ADMINS, **CLIENTS}}, listeners=more)
        by_name = {one.name: one for one in found.openings}
        assert by_name["dhcp"].source_port == 67
        assert by_name["dhcp"].sources.ipv6.pairs == ()
        assert written(by_name["dhcpv6"].sources.ipv6, "ipv6") == ("fe80::/10",)
        assert not found.refused

    def test_agents_are_open_to_monitoring_hosts_that_are_named(self) -> None:
        more = listening(Listener("tcp", "*", 10_050, "zabbix_agentd"))
        own = {**ADMINS, **CLIENTS, "monitoring": ["10.9.0.1/32"]}
        found = made({"networks": own}, listeners=more)
        assert opened(found)["zabbix-agent", "monitoring"] == (10_050,)
        found = made({"networks": {**ADMINS, **CLIENTS}}, listeners=more)
        assert "networks.monitoring" in kinds(found)["listener"]

    @pytest.mark.parametrize(
        ("protocol", "port", "name"),
        [
            *(("udp", 5405, "corosync"), ("tcp", 7790, "drbd"), ("tcp", 2049, "nfs")),
            *(("tcp", 9102, "bacula-client"), ("udp", 4500, "ike-nat")),
            *(("tcp", 5666, "nrpe"), ("udp", 161, "snmp-agent")),
            *(("tcp", 161, "snmp-agent-tcp"), ("tcp", 9100, "node-exporter")),
            *(
                ("udp", 5406, "corosync"),
                ("tcp", 21064, "dlm"),
                ("tcp", 111, "rpcbind"),
            ),
            *(
                ("udp", 500, "ike"),
                ("udp", 1701, "l2tp-udp"),
                ("udp", 694, "heartbeat"),
            ),
            *(("udp", 547, "dhcpv6-server"), ("udp", 3780, "conntrackd")),
            *(("tcp", 6789, "ceph-monitor-old"), ("tcp", 445, "smb")),
            *(("tcp", 1556, "netbackup-exchange"), ("tcp", 8400, "commvault")),
            *(("tcp", 35621, "urbackup"), ("tcp", 3306, "mysql"), ("tcp", 21, "ftp")),
        ],
    )
    def test_others_are_known_by_name(
        self, protocol: str, port: int, name: str
    ) -> None:
        bare = tuple(s for s in LISTENERS if s.port != 161)
        found = made(
            {"networks": {**ADMINS, **CLIENTS}},
            {"zimbraServiceEnabled": ("mta",)},  # type: ignore[dict-item]  # a set
            listeners=(*bare, Listener(protocol, "*", port, "x")),
        )
        assert any(
            p.kind == "listener" and p.text.startswith(f"{name}: ")
            for p in found.refused
        )

    def test_protocols_without_ports_are_decided_too(self) -> None:
        profile: dict[str, Any] = {"networks": {**ADMINS, **CLIENTS}}
        spoken = (raw(112, "keepalived"), raw(58, "networkd"))
        found = made(profile, raw_sockets=spoken)
        assert 'name = "vrrp"' in kinds(found)["listener"]
        allow = [{"name": "vrrp", "from": ["10.3.0.0/24"], "why": "x"}]
        profile = {**profile, "firewall": {"allow": allow}}
        assert not made(profile, raw_sockets=spoken).refused

    def test_a_protocol_without_a_name_is_decided_by_its_number(self) -> None:
        profile: dict[str, Any] = {"networks": {**ADMINS, **CLIENTS}}
        spoken = (raw(99, "odd"), raw(46, "rsvpd"), raw(255, "ping"), raw(17, "trace"))
        found = made(profile, raw_sockets=spoken)
        subjects = [p.subject for p in found.refused if p.kind == "listener"]
        assert subjects == ["99", "rsvp"]
        assert 'protocol = "rsvp"' in kinds(found)["listener"]
        decided = {
            "allow": [{"protocol": "99", "from": ["10.3.0.0/24"], "why": "x"}],
            "refuse": [{"protocol": "rsvp", "why": "x"}],
        }
        found = made({**profile, "firewall": decided}, raw_sockets=spoken)
        assert not found.refused
        assert [o.number for o in found.openings if o.zone == "named"] == [99]

    @pytest.mark.parametrize("word", ["0", "6", "112", "256", "-1", "٣"])
    def test_a_number_that_has_a_name_or_is_none_is_refused(self, word: str) -> None:
        refuse = [{"protocol": word, "why": "x"}]
        found = made(
            {"networks": {**ADMINS, **CLIENTS}, "firewall": {"refuse": refuse}}
        )
        assert "is not known" in kinds(found)["unknown-service"]

    def test_a_known_program_on_another_port_is_said(self) -> None:
        more = listening(Listener("tcp", "*", 20_050, "zabbix_agentd"))
        found = made({"networks": {**ADMINS, **CLIENTS}}, listeners=more)
        assert "zabbix-agent by its name" in kinds(found)["listener"]
        assert "port = 20050" in kinds(found)["listener"]

    def test_unseen_protocols_refuse(self) -> None:
        found = made({"networks": {**ADMINS, **CLIENTS}}, raw_sockets=None)
        assert "VRRP" in kinds(found)["not-known"]

    def test_ike_without_esp_is_told(self) -> None:
        allow = [{"name": "ike", "from": ["10.3.0.0/24"], "why": "x"}]
        profile = {"networks": {**ADMINS, **CLIENTS}, "firewall": {"allow": allow}}
        assert "IPsec carries none" in kinds(made(profile))["listener"]

    def test_containers_are_told(self) -> None:
        more = listening(Listener("tcp", "*", 8088, "docker-proxy"))
        found = made({"networks": {**ADMINS, **CLIENTS}}, listeners=more)
        assert "forwarded" in {p.kind for p in found.problems}

    def test_unseen_sockets_refuse(self) -> None:
        found = made({"networks": {**ADMINS, **CLIENTS}}, listeners=None)
        assert "What listens on" in kinds(found)["not-known"]


class TestACluster:
    def test_a_store_lets_in_peers_and_administrators_only(self) -> None:
        found = policy(cluster({"networks": ADMINS}), "store.example.com")
        assert {one.zone for one in found.openings} == {"admin", "cluster"}
        assert not found.refused

    def test_no_inner_port_is_open_to_anybody_else(self) -> None:
        facts = cluster({"networks": {**ADMINS, **CLIENTS}})
        for host in facts.evidence.hosts:
            for one in policy(facts, host).openings:
                if one.zone in ("internet", "clients"):
                    assert one.name in {
                        *("smtp", "http", "https", "smtps", "submission"),
                        *("imaps", "pop3s"),
                    }

    def test_a_peer_that_is_not_resolved_refuses(self) -> None:
        nodes = {"store": {"resolved_names": None}}
        found = policy(cluster({"networks": ADMINS}, nodes=nodes), "store.example.com")
        assert "peer" in kinds(found)


class TestTheProfile:
    @pytest.mark.parametrize(
        "own",
        [
            {"cluster": ["10.0.0.5/8"]},
            {"cluster": ["store.example.com"]},
            {"virtual-addresses": ["10.0.0.300"]},
            {"allow": [{"port": 0, "from": ["admin"], "why": "x"}]},
            {"allow": [{"port": 70_000, "from": ["admin"], "why": "x"}]},
            {"allow": [{"port": "9-8", "from": ["admin"], "why": "x"}]},
            {"allow": [{"port": 9, "from": [], "why": "x"}]},
            {"allow": [{"port": 9, "from": ["admins"], "why": "x"}]},
            {"allow": [{"port": 9, "from": ["admin"]}]},
            {"allow": [{"port": 9, "from": ["admin"], "why": "x", "proto": "tcp"}]},
            {"refuse": [{"port": 9}]},
            {"services": {"imaps": ["everybody"]}},
            {"ssh-rate": "20 a minute"},
            {"bans": 1},
            {"zones": []},
        ],
    )
    def test_what_is_malformed_is_refused(self, own: dict[str, Any]) -> None:
        with pytest.raises((msgspec.ValidationError, ValueError)):
            msgspec.convert({"firewall": own}, Profile)

    def test_an_empty_table_is_a_whole_one(self) -> None:
        assert msgspec.convert({"firewall": {}}, Profile) == Profile()

    def test_a_policy_is_the_same_each_time(self) -> None:
        profile = {"networks": {**ADMINS, **CLIENTS}}
        assert made(profile) == made(profile)


class TestSilence:
    WORDS = (
        *("listeners", "packages", "localconfig", "sshd", "addresses", "raw_sockets"),
        *("established", "resolved_names"),
    )

    @pytest.mark.parametrize("word", WORDS)
    def test_a_source_without_an_answer_never_opens_more(self, word: str) -> None:
        facts = cluster({"networks": {**ADMINS, **CLIENTS}})
        host = "store.example.com"
        whole = policy(facts, host)
        silent = cluster(
            {"networks": {**ADMINS, **CLIENTS}}, nodes={"store": {word: None}}
        )
        found = policy(silent, host)
        usual = {"dhcp", "dhcpv6"} if word == "listeners" else set()
        assert {o.name for o in found.openings} - usual <= {
            o.name for o in whole.openings
        }
        for opening in found.openings:
            if opening.name == "ssh":
                assert not opening.sources.everybody("ipv4")

    @pytest.mark.parametrize("gone", ["ldap-config", "ldap-servers"])
    def test_without_the_directory_it_refuses(self, gone: str) -> None:
        facts = single(profile={"networks": {**ADMINS, **CLIENTS}})
        answers = {
            host: {name: one for name, one in own.items() if name != gone}
            for host, own in facts.evidence.answers.items()
        }
        blind = Facts(Evidence(facts.evidence.when, answers), facts.profile, facts.now)
        found = policy(blind, NODE)
        assert "not-known" in kinds(found)
        assert all(o.zone != "internet" or o.name != "ssh" for o in found.openings)

    def test_nothing_at_all_refuses_and_keeps_ssh(self) -> None:
        empty = Facts(Evidence("2026-11-21T00:00:00+00:00", {NODE: {}}), Profile(), NOW)
        found = policy(empty, NODE)
        assert found.refused
        assert ("ssh", "internet") in opened(found)
