"""Who of a cluster may reach whom, by addresses that every node agrees on."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.firewall.site import (
    CLUSTER,
    NODE,
    cluster,
    connection,
    resolved,
    single,
)
from zmward.catalog.ports import ports
from zmward.evidence import DIRECTORY, Evidence
from zmward.facts import Facts
from zmward.firewall.openings import Outbound, Problem
from zmward.firewall.ranges import networks, written
from zmward.firewall.topology import Topology, topology
from zmward.profile import Profile
from zmward.sources.listeners import Listener

LDAP, STORE, MTA, PROXY, LOGGER = CLUSTER


def who(found: Topology, service: str) -> set[str]:
    return {
        name.partition(".")[0]
        for accept in found.accepts
        if accept.service.name == service
        for name in accept.peers
    }


def _outward(facts: Facts, callers: set[str]) -> Iterator[Outbound]:
    for name in callers:
        yield from topology(facts, f"{name}.example.com").outbound


def refusing(found: Topology) -> list[Problem]:
    return [problem for problem in found.problems if problem.refuses]


class TestFlows:
    def test_a_store_is_reached_by_the_roles_that_need_it(self) -> None:
        found = topology(cluster(), STORE)
        assert who(found, "lmtp") == {"mta"}
        assert who(found, "mta-auth") == {"mta"}
        assert who(found, "route-lookup") == {"proxy"}
        assert who(found, "mailbox-https") == {"proxy"}
        assert who(found, "mailbox-imaps") == {"proxy"}
        assert who(found, "mailbox-admin") == {"ldap", "mta", "proxy", "logger"}
        assert who(found, "mailbox-imap") == set()
        assert not refusing(found)

    def test_every_node_reaches_ldap_and_the_host_of_the_logs(self) -> None:
        assert who(topology(cluster(), LDAP), "ldap") == {
            *("store", "mta", "proxy", "logger"),
        }
        assert who(topology(cluster(), LOGGER), "syslog") == {
            *("ldap", "store", "mta", "proxy"),
        }

    def test_memcached_is_for_proxies_and_stores(self) -> None:
        assert who(topology(cluster(), PROXY), "memcached") == {"store"}

    def test_stores_run_commands_on_every_node(self) -> None:
        for host in (LDAP, MTA, PROXY, LOGGER):
            assert who(topology(cluster(), host), "ssh") == {"store"}

    def test_without_tls_to_the_upstream_the_clear_ports_are_used(self) -> None:
        facts = cluster(config={"zimbraReverseProxySSLToUpstreamEnabled": "FALSE"})
        found = topology(facts, STORE)
        assert who(found, "mailbox-imap") == {"proxy"}
        assert who(found, "mailbox-imaps") == set()

    def test_both_families_are_named(self) -> None:
        found = topology(cluster(), STORE)
        lmtp = next(a for a in found.accepts if a.service.name == "lmtp")
        assert written(lmtp.sources.ipv4, "ipv4") == ("192.0.2.13/32",)
        assert written(lmtp.sources.ipv6, "ipv6") == ("2001:db8::13/128",)

    def test_a_single_server_needs_nobody(self) -> None:
        found = topology(single(), NODE)
        assert not found.accepts
        assert not found.problems

    def test_what_the_profile_adds_may_use_every_flow(self) -> None:
        facts = single(profile={"firewall": {"cluster": ["192.0.2.99/32"]}})
        assert who(topology(facts, NODE), "ldap") == {"firewall"}

    def test_outbound_connections_are_told(self) -> None:
        found = topology(cluster(), MTA).outbound
        told = {(one.target, one.ports) for one in found}
        assert (STORE, "tcp 7025") in told
        assert (LDAP, "tcp 389") in told
        assert ("internet", "tcp 25") in told
        assert (LOGGER, "udp 514") in told

    @pytest.mark.parametrize(
        ("module", "host", "callers"),
        [
            ("convertd", MTA, {"store"}),
            ("license-daemon", LOGGER, {"store"}),
            ("onlyoffice", LOGGER, {"proxy"}),
        ],
    )
    def test_modules_that_roles_leave_out_are_reached_where_their_package_is(
        self, module: str, host: str, callers: set[str]
    ) -> None:
        node = {"packages": {f"zimbra-{module}": "1"}}
        facts = cluster(nodes={host.partition(".")[0]: node})
        assert who(topology(facts, host), module) == callers
        assert who(topology(cluster(), host), module) == set()
        told = {(o.target, o.ports.partition(",")[0]) for o in _outward(facts, callers)}
        port = ports()[module].port
        assert (host, f"tcp {port}") in told

    def test_documents_are_saved_by_whoever_runs_the_editor(self) -> None:
        sockets = (Listener("tcp", "*", 22, "sshd"), Listener("tcp", "*", 7074, "java"))
        store = {"listeners": sockets}
        editor: dict[str, Any] = {"packages": {"zimbra-onlyoffice": "1"}}
        nodes: dict[str, dict[str, Any]] = {"store": store, "logger": editor}
        found = topology(cluster(nodes=nodes), STORE)
        assert who(found, "document-callback") == {"logger"}
        # A node whose packages nobody has seen may run it.
        nodes = {"store": store, "mta": {"packages": None}}
        found = topology(cluster(nodes=nodes), STORE)
        assert who(found, "document-callback") == {"mta"}

    def test_without_a_directory_it_refuses(self) -> None:
        facts = cluster()
        answers = {
            host: own
            for host, own in facts.evidence.answers.items()
            if host != DIRECTORY
        }
        blind = Facts(Evidence(facts.evidence.when, answers), Profile(), facts.now)
        found = topology(blind, STORE)
        assert [problem.kind for problem in refusing(found)] == ["not-known"]


class TestAddresses:
    def judged(self, host: str = STORE, **nodes: Any) -> Topology:
        return topology(cluster(nodes=nodes), host)

    def test_a_name_that_nodes_resolve_differently_refuses(self) -> None:
        other = resolved(mta=frozenset({"198.51.100.13"}))
        found = self.judged(store={"resolved_names": other})
        texts = [problem.text for problem in refusing(found)]
        said = (
            "mta.example.com is resolved differently: ldap.example.com: 192.0.2.13; "
            "logger.example.com: 192.0.2.13; mta.example.com: 192.0.2.13; "
            "proxy.example.com: 192.0.2.13; store.example.com: 198.51.100.13."
        )
        assert texts == [said]

    def test_the_union_of_all_answers_is_let_in_meanwhile(self) -> None:
        other = resolved(mta=frozenset({"198.51.100.13"}))
        found = self.judged(store={"resolved_names": other})
        lmtp = next(a for a in found.accepts if a.service.name == "lmtp")
        both = networks(("192.0.2.13", "198.51.100.13"), "ipv4")
        assert lmtp.sources.ipv4 == both

    def test_a_node_without_ipv6_does_not_contradict(self) -> None:
        bare = {name: frozenset({four}) for name, (_, four, _) in CLUSTER.items()}
        assert not refusing(self.judged(store={"resolved_names": bare}))

    def test_a_node_may_know_itself_as_loopback(self) -> None:
        own = resolved(store=frozenset({"127.0.1.1"}))
        found = topology(cluster(nodes={"store": {"resolved_names": own}}), MTA)
        assert not refusing(found)

    def test_a_peer_that_resolves_as_loopback_refuses(self) -> None:
        wrong = resolved(mta=frozenset({"127.0.0.1"}))
        found = self.judged(store={"resolved_names": wrong})
        assert "resolves mta.example.com as itself" in refusing(found)[0].text

    def test_a_peer_that_is_not_resolved_refuses(self) -> None:
        found = self.judged(store={"resolved_names": resolved(mta=frozenset())})
        assert "resolves mta.example.com not" in refusing(found)[0].text

    def test_a_peer_of_which_nothing_was_said_in_time_refuses(self) -> None:
        slow = {name: found for name, found in resolved().items() if name != MTA}
        found = self.judged(store={"resolved_names": slow})
        said = "store.example.com said in no useful time what mta.example.com is."
        assert [problem.text for problem in refusing(found)] == [said]

    def test_a_node_that_was_not_asked_for_names_refuses(self) -> None:
        found = self.judged(store={"resolved_names": None})
        assert "What store.example.com resolves is not known" in refusing(found)[0].text

    def test_a_stranger_on_an_inner_port_refuses(self) -> None:
        seen = (connection(7025, "198.51.100.66"),)
        found = self.judged(store={"established": seen})
        assert "198.51.100.66 is connected to lmtp" in refusing(found)[0].text

    def test_a_caller_that_a_node_holds_as_its_own_address_is_let_in(self) -> None:
        seen = (connection(7025, "10.8.0.13"),)
        found = self.judged(
            store={"established": seen},
            mta={"addresses": ("127.0.0.1", "192.0.2.13", "10.8.0.13")},
        )
        assert not refusing(found)
        lmtp = next(a for a in found.accepts if a.service.name == "lmtp")
        assert networks(("10.8.0.13",), "ipv4") <= lmtp.sources.ipv4

    def test_clients_on_clients_ports_are_no_strangers(self) -> None:
        seen = (connection(25, "198.51.100.66"), connection(22, "198.51.100.67"))
        assert not refusing(self.judged(MTA, mta={"established": seen}))

    def test_a_monitoring_host_is_no_stranger(self) -> None:
        profile = {"networks": {"monitoring": ["198.51.100.66/32"]}}
        seen = {"store": {"established": (connection(7025, "198.51.100.66"),)}}
        assert not refusing(topology(cluster(profile, nodes=seen), STORE))
