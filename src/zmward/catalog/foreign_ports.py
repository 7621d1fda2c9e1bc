"""What else listens on mail servers, as rows: monitoring, clusters, tunnels, backup."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

# allow: without it the host loses its network, and it opens nothing else.
# close: an answer comes back by itself, nobody needs to begin from outside.
# monitoring: opened to the monitoring hosts, where the profile names them.
# ask: only the site knows; it is allowed or refused by name.
Usual = Literal["allow", "close", "monitoring", "ask"]
# IP protocols without ports.
PORTLESS: Final[Mapping[str, int]] = {
    "igmp": 2,
    "ipip": 4,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "ospf": 89,
    "vrrp": 112,
    "pim": 103,
    "carp": 112,
}


class Foreign(msgspec.Struct, frozen=True):
    """One service that is not Zimbra's; `programs` are the names that ss shows."""

    name: str
    protocol: str
    ports: tuple[tuple[int, int], ...] = ()
    usual: Usual = "ask"
    programs: tuple[str, ...] = ()
    source_port: int = 0
    sources: tuple[str, ...] = ()
    why: str = ""


def _one(number: int) -> tuple[tuple[int, int], ...]:
    return ((number, number),)


FOREIGN: Final = (
    Foreign(
        *("dhcp", "udp", _one(68), "allow"),
        source_port=67,
        sources=("0.0.0.0/0",),
        why="the host gets its address by DHCP",
    ),
    Foreign(
        *("dhcpv6", "udp", _one(546), "allow"),
        source_port=547,
        sources=("fe80::/10",),
        why="the host gets its address by DHCPv6",
    ),
    Foreign("dhcp-server", "udp", _one(67), programs=("dhcpd", "dnsmasq")),
    Foreign("ntp", "udp", _one(123), "close", why="answers come back by themselves"),
    Foreign("chrony-commands", "udp", _one(323), "close"),
    Foreign("mdns", "udp", _one(5353), "close"),
    Foreign("llmnr", "udp", _one(5355), "close"),
    Foreign("llmnr-tcp", "tcp", _one(5355), "close"),
    Foreign("printing", "tcp", _one(631), "close"),
    Foreign("vrrp", "vrrp", why="addresses that move between nodes (keepalived)"),
    Foreign("esp", "esp", why="IPsec"),
    Foreign("ah", "ah", why="IPsec"),
    Foreign("gre", "gre", why="a tunnel"),
    Foreign("ospf", "ospf", why="routing"),
    Foreign("bgp", "tcp", _one(179), why="routing"),
    Foreign("ike", "udp", _one(500), why="IPsec"),
    Foreign("ike-nat", "udp", _one(4500), why="IPsec"),
    Foreign("wireguard", "udp", _one(51820), why="a tunnel"),
    Foreign("openvpn", "udp", _one(1194), why="a tunnel"),
    Foreign("corosync", "udp", ((5404, 5405),), why="the cluster's heartbeat"),
    Foreign("pcsd", "tcp", _one(2224), why="the cluster's administration"),
    Foreign("pacemaker-remote", "tcp", _one(3121), why="the cluster's manager"),
    Foreign("drbd", "tcp", ((7788, 7799),), why="storage copied between nodes"),
    Foreign("nfs", "tcp", _one(2049), why="storage"),
    Foreign("rpcbind", "tcp", _one(111), why="storage (NFS)"),
    Foreign("rpcbind-udp", "udp", _one(111), why="storage (NFS)"),
    Foreign("iscsi", "tcp", _one(3260), why="storage"),
    Foreign("gluster", "tcp", ((24007, 24008),), why="storage"),
    Foreign("zabbix-agent", "tcp", _one(10050), "monitoring"),
    Foreign("nrpe", "tcp", _one(5666), "monitoring"),
    Foreign("checkmk-agent", "tcp", _one(6556), "monitoring"),
    Foreign("node-exporter", "tcp", _one(9100), "monitoring"),
    Foreign("munin", "tcp", _one(4949), "monitoring"),
    Foreign("snmp-agent", "udp", _one(161), "monitoring"),
    Foreign("bacula-client", "tcp", _one(9102), why="backup"),
    Foreign("veeam", "tcp", _one(6162), why="backup"),
    Foreign("netbackup", "tcp", _one(13724), why="backup"),
    Foreign("networker", "tcp", ((7937, 7938),), why="backup"),
    Foreign("cockpit", "tcp", _one(9090), why="administration in a browser"),
    Foreign("webmin", "tcp", _one(10000), why="administration in a browser"),
    Foreign("docker-api", "tcp", ((2375, 2376),), why="containers"),
    Foreign("libvirt", "tcp", ((16509, 16514),), why="virtual machines"),
)
# Containers' ports pass by FORWARD, which this firewall leaves alone.
FORWARDERS: Final[Mapping[str, str]] = {
    "docker-proxy": "Docker",
    "dockerd": "Docker",
    "containerd": "containers",
    "libvirtd": "libvirt",
}


def foreign(protocol: str, port: int) -> Foreign | None:
    """Return the row of a socket, None where nobody knows it."""
    for row in FOREIGN:
        if row.protocol == protocol and any(a <= port <= b for a, b in row.ports):
            return row
    return None
