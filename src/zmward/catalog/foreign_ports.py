"""What else listens on mail servers, as rows: monitoring, clusters, tunnels, backup."""

from collections.abc import Mapping
from functools import cache
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
    "6in4": 41,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "eigrp": 88,
    "ospf": 89,
    "etherip": 97,
    "pim": 103,
    "ipcomp": 108,
    "vrrp": 112,
    "carp": 112,
    "l2tp": 115,
}
# The system picks ports from here for programs that only send, and wait for answers.
EPHEMERAL: Final = 32_768


class Foreign(msgspec.Struct, frozen=True):
    """One service that is not Zimbra's; `programs` are the names that ss shows.

    `noise` comes by itself from every neighbour: nobody misses it.
    """

    name: str
    protocol: str
    ports: tuple[tuple[int, int], ...] = ()
    usual: Usual = "ask"
    programs: tuple[str, ...] = ()
    source_port: int = 0
    sources: tuple[str, ...] = ()
    why: str = ""
    noise: bool = False


def _one(number: int) -> tuple[tuple[int, int], ...]:
    return ((number, number),)


def _agent(name: str, port: int, *programs: str, protocol: str = "tcp") -> Foreign:
    return Foreign(name, protocol, _one(port), "monitoring", programs)


def _asked(
    why: str, name: str, protocol: str, ports: int | tuple[int, int], *programs: str
) -> Foreign:
    spans = _one(ports) if isinstance(ports, int) else (ports,)
    return Foreign(name, protocol, spans, programs=programs, why=why)


_NETWORK: Final = (
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
    Foreign("dhcp-server", "udp", _one(67), programs=("dhcpd", "dnsmasq", "kea-dhcp4")),
    Foreign("dhcpv6-server", "udp", _one(547), programs=("dhcpd", "kea-dhcp6")),
    Foreign("ntp", "udp", _one(123), "close", why="answers come back by themselves"),
    Foreign("chrony-commands", "udp", _one(323), "close"),
    Foreign("mdns", "udp", _one(5353), "close", noise=True),
    Foreign("llmnr", "udp", _one(5355), "close", noise=True),
    Foreign("llmnr-tcp", "tcp", _one(5355), "close", noise=True),
    Foreign("ssdp", "udp", _one(1900), "close", noise=True),
    Foreign("web-service-discovery", "udp", _one(3702), "close", noise=True),
    Foreign("printing", "tcp", _one(631), "close"),
    Foreign("printers", "udp", _one(631), "close", noise=True),
)
_ROUTING: Final = (
    Foreign("vrrp", "vrrp", why="addresses that move between nodes (keepalived)"),
    Foreign("ospf", "ospf", why="routing"),
    Foreign("eigrp", "eigrp", why="routing"),
    Foreign("pim", "pim", why="routing"),
    _asked("routing", "bgp", "tcp", 179, "bgpd", "bird"),
    _asked("routing", "rip", "udp", 520, "ripd", "bird"),
    _asked("routing: whether a neighbour lives", "bfd", "udp", (3784, 3785), "bfdd"),
    _asked("connections told to the other balancer", "conntrackd", "udp", 3780),
    _asked("connections told to the other balancer", "lvs-sync", "udp", 8848),
)
_TUNNELS: Final = (
    Foreign("esp", "esp", why="IPsec"),
    Foreign("ah", "ah", why="IPsec"),
    Foreign("ipcomp", "ipcomp", why="IPsec"),
    Foreign("gre", "gre", why="a tunnel"),
    Foreign("ipip", "ipip", why="a tunnel"),
    Foreign("6in4", "6in4", why="a tunnel"),
    Foreign("etherip", "etherip", why="a tunnel"),
    Foreign("l2tp", "l2tp", why="a tunnel"),
    _asked("IPsec", "ike", "udp", 500, "charon", "pluto", "iked", "racoon"),
    _asked("IPsec", "ike-nat", "udp", 4500, "charon", "pluto", "iked", "racoon"),
    # The kernel holds its socket: no program shows.
    _asked("a tunnel", "wireguard", "udp", 51820),
    _asked("a tunnel", "openvpn", "udp", 1194, "openvpn"),
    _asked("a tunnel", "openvpn-tcp", "tcp", 1194, "openvpn"),
    _asked("a tunnel", "l2tp-udp", "udp", 1701, "xl2tpd"),
    _asked("a tunnel", "pptp", "tcp", 1723, "pptpd"),
    _asked("a tunnel", "vxlan", "udp", 4789),
    _asked("a tunnel", "geneve", "udp", 6081),
    _asked("a tunnel", "tailscale", "udp", 41641, "tailscaled"),
    _asked("a tunnel", "zerotier", "udp", 9993, "zerotier-one"),
    _asked("a tunnel", "nebula", "udp", 4242, "nebula"),
    _asked("a tunnel", "tinc", "tcp", 655, "tincd"),
    _asked("a tunnel", "tinc-udp", "udp", 655, "tincd"),
)
_CLUSTERS: Final = (
    # Each further link has the next port.
    _asked("the cluster's heartbeat", "corosync", "udp", (5404, 5412), "corosync"),
    _asked("the cluster's vote", "corosync-vote", "tcp", 5403, "corosync-qnetd"),
    _asked("the cluster's heartbeat", "heartbeat", "udp", 694, "heartbeat"),
    _asked("the cluster's administration", "pcsd", "tcp", 2224, "pcsd"),
    _asked("the cluster's manager", "pacemaker-remote", "tcp", 3121, "pacemaker_remot"),
    _asked("the cluster's tickets", "booth", "tcp", 9929, "boothd"),
    _asked("the cluster's tickets", "booth-udp", "udp", 9929, "boothd"),
    _asked("the cluster's locks", "dlm", "tcp", 21064),
    _asked("containers on several nodes", "swarm", "tcp", 2377, "dockerd"),
    _asked("containers on several nodes", "swarm-nodes", "tcp", 7946, "dockerd"),
    _asked("containers on several nodes", "swarm-nodes-udp", "udp", 7946, "dockerd"),
    _asked("containers on several nodes", "kubelet", "tcp", 10250, "kubelet"),
)
_STORAGE: Final = (
    _asked("storage copied between nodes", "drbd", "tcp", (7788, 7799)),
    _asked("storage", "nfs", "tcp", 2049),
    _asked("storage", "nfs-udp", "udp", 2049),
    _asked("storage (NFS)", "rpcbind", "tcp", 111, "rpcbind", "systemd"),
    _asked("storage (NFS)", "rpcbind-udp", "udp", 111, "rpcbind", "systemd"),
    _asked("storage (NFS)", "mountd", "tcp", 20048, "rpc.mountd"),
    _asked("storage (NFS)", "mountd-udp", "udp", 20048, "rpc.mountd"),
    _asked("storage (NFS)", "statd", "tcp", 662, "rpc.statd"),
    _asked("storage (NFS)", "statd-udp", "udp", 662, "rpc.statd"),
    _asked("storage", "iscsi", "tcp", 3260, "iscsid", "tgtd"),
    _asked("storage", "gluster", "tcp", (24007, 24008), "glusterd"),
    _asked("storage", "gluster-bricks", "tcp", (49152, 49251), "glusterfsd"),
    _asked("storage", "ceph-monitor", "tcp", 3300, "ceph-mon"),
    _asked("storage", "ceph-monitor-old", "tcp", 6789, "ceph-mon"),
    # It takes ports up to 7300, which Zimbra has of old: those are asked one by one.
    _asked("storage", "ceph-osd", "tcp", (6800, 7000), "ceph-osd", "ceph-mds"),
    _asked("storage", "gpfs", "tcp", 1191, "mmfsd"),
    _asked("storage", "ocfs2", "tcp", 7777),
    _asked("storage", "smb", "tcp", 445, "smbd"),
    _asked("storage", "smb-old", "tcp", 139, "smbd"),
    Foreign("netbios", "udp", ((137, 138),), "close", ("nmbd",), noise=True),
    _asked("storage", "rsync", "tcp", 873, "rsync"),
)
_MONITORING: Final = (
    _agent("zabbix-agent", 10050, "zabbix_agentd", "zabbix_agent2"),
    _agent("nrpe", 5666, "nrpe", "xinetd"),
    _agent("ncpa", 5693, "ncpa"),
    _agent("icinga", 5665, "icinga2"),
    _agent("checkmk-agent", 6556, "cmk-agent-ctl", "xinetd"),
    _agent("node-exporter", 9100, "node_exporter", "prometheus-node"),
    _agent("mysqld-exporter", 9104, "mysqld_exporter"),
    _agent("nginx-exporter", 9113, "nginx-prometheu"),
    _agent("blackbox-exporter", 9115, "blackbox_export"),
    _agent("memcached-exporter", 9150, "memcached_expor"),
    _agent("postfix-exporter", 9154, "postfix_exporte"),
    _agent("process-exporter", 9256, "process-exporte"),
    _agent("ldap-exporter", 9330, "openldap_export"),
    _agent("munin", 4949, "munin-node"),
    _agent("monit", 2812, "monit"),
    _agent("netdata", 19999, "netdata"),
    _agent("pcp", 44321, "pmcd"),
    _agent("glances", 61209, "glances"),
    _agent("collectd", 25826, "collectd", protocol="udp"),
    _agent("snmp-agent", 161, "snmpd", protocol="udp"),
    _agent("snmp-agent-tcp", 161, "snmpd"),
)
_BACKUP: Final = tuple(
    _asked("backup", name, "tcp", *more)
    for name, *more in (
        ("bacula-client", 9102, "bacula-fd", "bareos-fd"),
        ("bacula-director", 9101, "bacula-dir", "bareos-dir"),
        ("bacula-storage", 9103, "bacula-sd", "bareos-sd"),
        ("veeam", 6162, "veeamtransport", "veeamagent"),
        ("veeam-deployer", 6160, "veeamdeployment"),
        ("netbackup", 13724, "vnetd"),
        ("netbackup-exchange", 1556, "pbx_exchange"),
        ("netbackup-client", 13782, "bpcd"),
        ("networker", (7937, 7938), "nsrexecd"),
        ("commvault", (8400, 8403), "cvd"),
        ("spectrum-protect", 1501, "dsmcad"),
        ("arcserve", 6051, "caagentd"),
        ("data-protector", 5565, "omniinet"),
        ("amanda", 10080, "amandad"),
        ("urbackup", (35621, 35623), "urbackupclient"),
        ("nakivo", 9446, "bhsvc"),
        ("rubrik", (12800, 12801), "backup_agent_ma"),
        ("cohesity", 50051, "linux_agent_exe"),
        ("acronis", 9876, "acronis_mms"),
    )
)
_ADMINISTRATION: Final = (
    _asked("administration in a browser", "cockpit", "tcp", 9090, "cockpit-tls"),
    _asked("administration in a browser", "webmin", "tcp", 10000, "miniserv.pl"),
    _asked("a screen of the host", "vnc", "tcp", (5900, 5909), "Xvnc", "x11vnc"),
    _asked("a screen of the host", "rdp", "tcp", 3389, "xrdp"),
    _asked("a shell over UDP", "mosh", "udp", (60000, 61000), "mosh-server"),
    _asked("files without encryption", "ftp", "tcp", 21, "vsftpd", "proftpd"),
    _asked("a shell without encryption", "telnet", "tcp", 23, "telnetd", "xinetd"),
    _asked("a database", "mysql", "tcp", 3306, "mysqld", "mariadbd"),
    _asked("a database", "postgresql", "tcp", 5432, "postgres"),
    _asked("a database", "redis", "tcp", 6379, "redis-server"),
    _asked("containers", "docker-api", "tcp", (2375, 2376), "dockerd"),
    _asked("virtual machines", "libvirt", "tcp", (16509, 16514), "libvirtd"),
)
FOREIGN: Final = (
    *(*_NETWORK, *_ROUTING, *_TUNNELS, *_CLUSTERS, *_STORAGE, *_MONITORING),
    *(*_BACKUP, *_ADMINISTRATION),
)
# Containers' ports pass by FORWARD, which this firewall leaves alone.
FORWARDERS: Final[Mapping[str, str]] = {
    "docker-proxy": "Docker",
    "dockerd": "Docker",
    "containerd": "containers",
    "libvirtd": "libvirt",
    "virtqemud": "libvirt",
    "lxd": "LXD",
    "incusd": "Incus",
    "kubelet": "Kubernetes",
    "kube-proxy": "Kubernetes",
}


@cache
def _by_port() -> dict[tuple[str, int], Foreign]:
    return {
        (row.protocol, port): row
        for row in FOREIGN
        for first, last in row.ports
        for port in range(first, last + 1)
    }


def foreign(protocol: str, port: int) -> Foreign | None:
    """Return the row of a port, None where nobody knows it."""
    return _by_port().get((protocol, port))


def of_socket(protocol: str, port: int, program: str) -> Foreign | None:
    """Return the row of a socket, None where nobody knows it.

    Whoever sends datagrams (rsyslog to its log host) is given any port of those that
    the system picks, and one of a row's too: then the program tells them apart.
    """
    row = foreign(protocol, port)
    if row is None or not row.programs or not program:
        return row
    picked = protocol == "udp" and port >= EPHEMERAL
    return None if picked and by_program(program) is not row else row


def by_program(program: str) -> Foreign | None:
    """Return the row of a program's name; ss shows its first fifteen letters."""
    for row in FOREIGN:
        if program and any(program == name[:15] for name in row.programs):
            return row
    return None
