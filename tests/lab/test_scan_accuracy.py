"""A scan of each lab server against what the server really is, and what it leaves.

Every open port, service and version, of both families: none wrong, none missed.
"""

import subprocess
from typing import Any

import pytest
from lab.network import INTERNET_IPV4
from lab.node import Lab
from lab.nodes import Node

from tests.lab.scan_truth import LET_IN, listening, opened, scanned, seen, versions

pytestmark = pytest.mark.lab

EVERY = ("--all-ports", "--rate", "20000")
# What a scan must leave as it was: queued mail, files, and the directory.
_STATE = """
find /opt/zimbra/data/postfix/spool/incoming /opt/zimbra/data/postfix/spool/active \
    /opt/zimbra/data/postfix/spool/deferred /opt/zimbra/data/postfix/spool/hold \
    /opt/zimbra/data/postfix/spool/maildrop -type f 2>/dev/null | sort
find /etc /opt/zimbra /root /home -xdev -type f \
    ! -path '/opt/zimbra/log/*' ! -path '/opt/zimbra/data/postfix/data/*' \
    ! -path '/opt/zimbra/data/ldap/*' ! -path '*.pid' ! -path '*/spool/pid/*' \
    -printf '%p %s %T@ %m %u\\n' 2>/dev/null | sort
slapcat -F /opt/zimbra/data/ldap/config -n 0 2>/dev/null | sha256sum
"""


def state(lab: Lab, node: Node) -> str:
    """Return everything that a scan could change on a node."""
    shown = lab.run(node.name, ["sh", "-c", _STATE]).stdout
    argv = [
        "runuser",
        "-u",
        "zimbra",
        "--",
        "/opt/zimbra/libexec/zmslapcat",
        "/tmp/was",
    ]
    lab.run(node.name, argv)
    dump = lab.run(
        node.name, ["sh", "-c", "sha256sum </tmp/was/ldap.bak; rm -r /tmp/was"]
    )
    return shown + dump.stdout


@pytest.fixture(
    scope="module",
    params=[pytest.param("default", marks=pytest.mark.proof), "careless", "hardened"],
)
def looked(
    request: pytest.FixtureRequest,
) -> tuple[Lab, dict[str, Any], str, str]:
    """Give a server, its scan, and its state before and after."""
    lab: Lab = request.getfixturevalue(f"lab_{request.param}")
    (node,) = lab.nodes
    before = state(lab, node)
    document = scanned(lab, [node.ipv4, node.ipv6, *EVERY])
    return lab, document, before, state(lab, node)


Looked = tuple[Lab, dict[str, Any], str, str]


def test_every_open_port_is_named_for_what_it_is(looked: Looked) -> None:
    lab, document, _, _ = looked
    truth = opened(lab, lab.nodes[0])
    found = seen(document)
    assert found == truth, (sorted(found - truth), sorted(truth - found))


def test_versions_are_those_that_the_services_tell(looked: Looked) -> None:
    lab, document, _, _ = looked
    told = {
        (row["service"], row["product"], row["version"])
        for row in document["ports"]
        if row["service"] in ("ssh", "memcached") and row["state"] == "open"
    }
    truth = versions(lab, lab.nodes[0])
    spoken = {service for service, _, _ in told}
    assert told == {(name, *truth[name]) for name in spoken}


def test_silent_ports_are_told_from_closed_ones(looked: Looked) -> None:
    """Rules that drop leave no answer; where none are, somebody always refuses."""
    lab, document, _, _ = looked
    (one,) = {
        row["state"] for row in document["seen"][0]["rest"] if row["proto"] == "tcp"
    }
    assert one == ("filtered" if lab.state in LET_IN else "closed")


def test_nothing_was_left_unasked(looked: Looked) -> None:
    assert looked[1]["silent"] == []


def test_the_server_is_as_it_was(looked: Looked) -> None:
    _, _, before, after = looked
    assert after.splitlines() == before.splitlines()


@pytest.mark.parametrize(
    "looked",
    [
        pytest.param("default", marks=pytest.mark.proof),
        "careless",
        pytest.param("hardened", marks=pytest.mark.proof),
    ],
    indirect=True,
)
def test_nmap_finds_the_same_ports(looked: Looked) -> None:
    lab, document, _, _ = looked
    (node,) = lab.nodes
    argv = ["nmap", "-sT", "-Pn", "-n", "-T4", "-p", "1-12000", "-oG", "-", node.ipv4]
    shown = subprocess.run(
        lab.argv("outside", argv), capture_output=True, text=True, check=True
    ).stdout
    theirs = {
        int(word.partition("/")[0])
        for line in shown.splitlines()
        if "Ports:" in line
        for word in line.partition("Ports: ")[2].split(", ")
        if "/open/tcp" in word
    }
    ours = {
        o.port for o in seen(document) if o.address == node.ipv4 and o.port <= 12000
    }
    assert ours == theirs


def test_each_server_of_a_cluster_is_seen_as_it_is(lab_cluster: Lab) -> None:
    """The catalog's ports of five servers at a time, from the internet."""
    nodes = lab_cluster.nodes
    hosts = [node.ipv4 for node in nodes]
    document = scanned(lab_cluster, hosts, INTERNET_IPV4)
    sources = {s for look in document["seen"] for s in look["source"].values()}
    assert sources == {INTERNET_IPV4}
    truth = {o for n in nodes for o in opened(lab_cluster, n) if o.address == n.ipv4}
    found = seen(document)
    assert found == truth, (sorted(found - truth), sorted(truth - found))


def test_the_truth_is_no_empty_table(lab_careless: Lab) -> None:
    assert len(listening(lab_careless, lab_careless.nodes[0])) > 20
