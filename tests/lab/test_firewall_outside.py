"""All ports of a server from outside, before and after its whitelist is loaded.

Three machines try every port of both families: somebody in the internet, a client in
the servers' own network, and an administrator. What the whitelist names is open to
them, and no other packet of theirs gets past the rules.
"""

from collections.abc import Iterator

import pytest
from lab import network
from lab.node import Lab
from lab.scan import Probe, scan, scans, spans

from tests.lab import held
from tests.lab.firewall_lab import (
    Told,
    assert_all,
    facts,
    load,
    protocols,
    run,
    show,
    tried,
    unload,
    wanted,
)
from zmward.firewall.openings import Policy
from zmward.firewall.policy import policy
from zmward.firewall.render_nftables import nftables
from zmward.ruleset import Backend

pytestmark = pytest.mark.lab

PROFILE = {
    "networks": {
        "admins": [f"{network.ADMIN_IPV4}/32", f"{network.ADMIN_IPV6}/128"],
        "clients": ["192.0.2.64/26", "2001:db8:0:1::/64"],
    },
    "firewall": {"services": {"mailbox-admin": ["admin"], "imap": ["clients"]}},
}
SOURCES = {
    "the internet": (network.INTERNET_IPV4, network.INTERNET_IPV6),
    "a client in the LAN": (network.CLIENT_IPV4, network.CLIENT_IPV6),
    "an administrator": (network.ADMIN_IPV4, network.ADMIN_IPV6),
}
CLIENTS = frozenset({25, 143, 443, 465, 587, 993, 995})
ADMINS = CLIENTS | {22, 7071}
BACKENDS = pytest.mark.parametrize(
    "backend", ["nftables", pytest.param("iptables", marks=pytest.mark.proof)]
)
INNER = frozenset({7025, 7072, 7073, 7110, 7143, 7993, 7995, 8443, 11211})


@pytest.fixture(scope="module")
def found(lab_default: Lab) -> Policy:
    """Give the server's whitelist, made of what it says over ssh."""
    return policy(facts(lab_default, PROFILE), lab_default.nodes[0].host)


# Flags of packets that open nothing, as scanners send them.
ODD = {
    "no flags": 0,
    "FIN": 1,
    "SYN and FIN": 3,
    "ACK": 16,
    "SYN and ACK": 18,
    "XMAS": 41,
}


ODD_SOURCES = (network.CLIENT_IPV4, network.INTERNET_IPV6)
LOW = tuple(range(1, 9000))


def _odd_scans(lab: Lab) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield who sent which odd packets, and where they came through."""
    for source in ODD_SOURCES:
        probes = [Probe(source, "tcp", LOW, flags) for flags in ODD.values()]
        probes.append(Probe(source, "ip", protocols(source)))
        seen = scans(lab, "mail", probes)
        for name, one in zip((*ODD, "other protocols"), seen, strict=True):
            yield (source, name), spans(one.passed)


def _scans(lab: Lab, found: Policy | None) -> Iterator[Told]:
    """Scan from everywhere; without a policy every packet is wanted."""
    server = lab.nodes[0]
    for who, addresses in SOURCES.items():
        yield from tried(lab, found, server, who, addresses)


def test_the_whitelist_refuses_nothing(found: Policy) -> None:
    assert found.refused == ()


def test_each_machine_is_let_in_to_its_own_ports_only(found: Policy) -> None:
    """The LAN is not trusted: a client there gets what clients get."""
    for source in SOURCES["the internet"]:
        assert wanted(found, "tcp", source) == {25, 443}
    for source in SOURCES["a client in the LAN"]:
        assert wanted(found, "tcp", source) == CLIENTS
    assert wanted(found, "tcp", network.ADMIN_IPV4) == ADMINS


def test_one_port_too_many_is_seen(lab_default: Lab, found: Policy) -> None:
    load(lab_default, "mail", found)
    hole = ("insert", "rule", "inet", "zmward", "input", "tcp", "dport", "31337")
    run(lab_default, "mail", "nft", *hole, "accept")
    try:
        source = network.INTERNET_IPV6
        seen = scan(lab_default, "mail", Probe(source))
    finally:
        unload(lab_default, "mail")
    told = Told("a hole", seen, wanted(found, "tcp", source), frozenset())
    assert told.wrong == "a hole: let in against the policy: 31337"


def test_a_session_outlives_our_load_and_none_by_hand(
    lab_default: Lab, found: Policy
) -> None:
    """A session that is older than all rules is not tracked: its packets look new."""
    for by_hand in (True, False):
        session = held.ssh(lab_default, "mail")
        try:
            if by_hand:
                run(lab_default, "mail", "nft", "-f", "-", given=nftables(found))
            else:
                load(lab_default, "mail", found)
            if by_hand:
                assert session.answer(within=5) == "no answer in 5 s"
            else:
                assert session.answer() == "alive"
        finally:
            session.end()
            unload(lab_default, "mail")


@BACKENDS
def test_what_opens_no_connection_reaches_no_port(
    lab_default: Lab, found: Policy, backend: Backend
) -> None:
    """Odd packets of TCP and other protocols of IP do not even get to open ports."""
    before = dict(_odd_scans(lab_default))
    assert set(before.values()) == {spans(frozenset(LOW))} | {
        spans(frozenset(protocols(source))) for source in ODD_SOURCES
    }
    load(lab_default, "mail", found, backend)
    try:
        after = dict(_odd_scans(lab_default))
    finally:
        unload(lab_default, "mail")
    assert set(after.values()) == {"none"}, after


@BACKENDS
def test_open_is_what_the_whitelist_says_and_nothing_else(
    lab_default: Lab, found: Policy, backend: Backend
) -> None:
    before = list(_scans(lab_default, None)) if backend == "nftables" else []
    load(lab_default, "mail", found, backend)
    try:
        after = list(_scans(lab_default, found))
    finally:
        unload(lab_default, "mail")
    show(f"{backend}, before:", before)
    show(f"{backend}, after:", after)
    assert_all([*before, *after])
    # What the whitelist closes was open to everybody before.
    assert all(one.scan.open >= INNER for one in before if "tcp" in one.title)
