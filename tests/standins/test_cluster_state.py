"""The cluster's state: who has which role, and who is named where."""

import re
import struct

import pytest
from lab import debs, outside
from lab import frames as single_frames
from lab.nodes import SERVICES, SINGLE, having, nodes
from lab.scan import spans
from lab.scan_sender import MARK, frames
from lab.tree.content import entries
from lab.tree.install import passwords_of
from lab.tree.ldif import Entry
from lab.tree.localconfig import localconfig
from lab.tree.state import State, read_state
from lab.zimbra.schema import SOURCE_CATALOG, read_catalog

NODES = nodes("cluster")
STATE = read_state("cluster")


@pytest.fixture(scope="module")
def tree() -> list[Entry]:
    rows = read_catalog(SOURCE_CATALOG)
    return entries(
        rows, passwords_of(localconfig(STATE)), STATE, {NODES[0].host: "key"}
    )


def test_each_service_has_one_node_and_each_node_its_own_addresses() -> None:
    shared = {"stats"}
    own = [name for node in NODES for name in node.services if name not in shared]
    assert len(own) == len(set(own))
    assert set(own) | shared | {"snmp"} == set(SERVICES)
    assert len({node.ipv4 for node in NODES}) == len({n.ipv6 for n in NODES}) == 5


def test_packages_that_a_node_keeps_exist() -> None:
    known = {package.name for package in debs.packages()}
    for node in NODES:
        assert set(node.packages) <= known
    assert "zimbra-store" in having(NODES, "mailbox").packages
    assert "zimbra-store" not in having(NODES, "mta").packages


def test_each_server_has_an_object_with_its_services(tree: list[Entry]) -> None:
    servers = {e.attributes["cn"][0]: e for e in tree if "zimbraServer" in e.classes}
    assert set(servers) == {node.host for node in NODES}
    for node in NODES:
        own = servers[node.host].attributes
        assert own["zimbraServiceEnabled"] == list(node.services)
        assert own["zimbraIPMode"] == ["both"]
        target = ["TRUE"] if "mailbox" in node.services else []
        assert list(own.get("zimbraReverseProxyLookupTarget", [])) == target
    assert servers[NODES[0].host].attributes["zimbraSshPublicKey"] == ["key"]


def test_what_named_the_one_server_names_the_node_with_the_role(
    tree: list[Entry],
) -> None:
    named = "\n".join(
        value for e in tree for values in e.attributes.values() for value in values
    )
    assert not re.search(rf"(?<!\w){SINGLE[0].host}", named)
    config = next(e for e in tree if e.dn == "cn=config,cn=zimbra").attributes
    assert config["zimbraLogHostname"] == ["logger.example.test"]
    user = next(e for e in tree if e.dn.startswith("uid=user001,")).attributes
    assert user["zimbraMailTransport"] == ["lmtp:mailbox.example.test:7025"]


def test_localconfig_names_the_directory_and_the_node_itself() -> None:
    for node in NODES:
        keys = localconfig(STATE, node)
        assert keys["zimbra_server_hostname"] == node.host
        assert (
            keys["ldap_url"]
            == keys["ldap_master_url"]
            == "ldap://ldap.example.test:389"
        )
        assert keys["zimbra_zmprov_default_soap_server"] == "mailbox.example.test"
        assert ("ldap_is_master" in keys) == (node.name == "ldap")
    alone = localconfig(State())
    assert set(alone) == set(localconfig(STATE, NODES[0])) | {"zmtrainsa_cleanup_host"}


def test_the_name_server_knows_all_nodes() -> None:
    text = outside.unbound_configuration(NODES)
    for node in NODES:
        assert f"local-data: '{node.host}. 300 A {node.ipv4}'" in text
        assert f"local-data: '{node.host}. 300 AAAA {node.ipv6}'" in text
        assert f'local-data-ptr: "{node.ipv6} {node.host}"' in text
    assert "local-data: 'example.test. 300 MX 10 mta.example.test.'" in text


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("protocol", [6, 17])
def test_probes_have_right_checksums_and_a_mark(version: int, protocol: int) -> None:
    ends = [("192.0.2.66", "192.0.2.10"), ("2001:db8::66", "2001:db8::10")][
        version == 6
    ]
    asked = {
        "version": version,
        "protocol": protocol,
        "source": ends[0],
        "target": ends[1],
        "from": "02:00:00:00:00:66",
        "to": "02:00:00:00:00:10",
        "source_port": 40_000,
        "ports": (1, 443, 65535),
    }
    made = list(frames(asked))
    assert len(made) == 3
    for frame, port in zip(made, (1, 443, 65535), strict=True):
        head, body = (
            (frame[14:34], frame[34:]) if version == 4 else (frame[14:54], frame[54:])
        )
        assert struct.unpack("!HH", body[:4]) == (40_000, port)
        mark = (
            head[1] >> 2
            if version == 4
            else (int.from_bytes(head[:2], "big") >> 6) & 63
        )
        assert mark == MARK
        addresses = head[12:20] if version == 4 else head[8:40]
        pseudo = addresses + struct.pack("!II", len(body), protocol)
        assert single_frames.checksum(pseudo + body) == 0
        assert version == 6 or single_frames.checksum(head) == 0


def test_ports_are_told_as_a_person_reads_them() -> None:
    assert spans(frozenset({25, 110, 111, 112, 443})) == "25, 110-112, 443"
    assert spans(frozenset()) == "none"
