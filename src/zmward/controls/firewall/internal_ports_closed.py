"""Ports between Zimbra's servers are not open to everyone."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._examples import NO_RULES, both, ipv4
from zmward.controls.shapes.exposure import ports, reachable
from zmward.controls.shapes.outside_ports import strangers_kept_out
from zmward.controls.shapes.outside_ways import rows_at, rows_of
from zmward.facts import Facts
from zmward.sources.listeners import Listener

_DNS = 53
_PORTS = (
    *(7025, 7026, 7047, 7072, 7073, 7074, 7084, 7085, 7110, 7143, 7285, 7335, 7780),
    *(7993, 7995, 8080, 8081, 8143, 8443, 8735, 8736, 8742, 8743, 8888, 8993, 9443),
    *(9980, 514, 4369, 5269, 5672, 25672, 161),
)
_ETH0 = "2: eth0    inet 192.0.2.10/24 scope global eth0\n"
_ETH1 = "3: eth1    inet 10.0.0.10/24 scope global eth1\n"
_EVERYWHERE = (Listener("tcp", "*", 7025),)


def _internal(facts: Facts, host: str, one: Listener) -> bool:
    # Zimbra's resolver answers whoever reaches it.
    resolver = one.program == "unbound" and one.port == _DNS
    return resolver or ports(*_PORTS)(facts, host, one)


CONTROL = Control(
    id="internal-ports-closed",
    title="Ports between Zimbra's servers are not open to everyone",
    why=(
        "LMTP takes mail from anybody, IMAP and POP behind the proxy believe any "
        "origin address, and the lookup service hands out login tokens. An open "
        "resolver (unbound) takes part in floods."
    ),
    impact="Other servers of the cluster need rules, or the cluster stops.",
    severity=Severity.HIGH,
    tips=("S2", "S3", "S4"),
    locks_out="other servers of the cluster that no rule names",
    check=reachable("loopback or the cluster only", _internal),
    refs=("https://wiki.zimbra.com/wiki/Ports",),
    note=(
        "The published guide's fourteen ports for several servers are those of "
        "clients: opened "
        "alone they break a cluster, and they publish 7071."
    ),
    outside=strangers_kept_out(
        7025,
        "lmtp",
        rows=(
            *rows_of("cluster", without=(389, 636, 11211)),
            *rows_at(53, 161, 162, 4369, 5672, 25672),
        ),
    ),
    examples=(
        passes(listeners=(Listener("tcp", "127.0.0.1", 8080),), firewall=NO_RULES),
        fails(listeners=(Listener("tcp", "*", 7025),), firewall=NO_RULES),
        fails(
            listeners=(Listener("udp", "0.0.0.0", 53, "unbound"),),  # noqa: S104  # an example
            firewall=NO_RULES,
        ),
        fails(
            listeners=_EVERYWHERE,
            firewall=ipv4(),
            addresses=("192.0.2.10", "2001:db8::10"),
        ),
        passes(
            listeners=_EVERYWHERE,
            firewall=ipv4(),
            addresses=("127.0.0.1", "192.0.2.10", "::1"),
        ),
        passes(
            listeners=_EVERYWHERE,
            firewall=both("-i eth1 -j ACCEPT"),
            raw={"addresses": _ETH0},
        ),
        fails(
            listeners=_EVERYWHERE,
            firewall=both("-i eth1 -j ACCEPT"),
            raw={"addresses": f"{_ETH0}{_ETH1}"},
        ),
        unsure(
            listeners=_EVERYWHERE,
            firewall=both("-i eth1 -j ACCEPT"),
            addresses=("192.0.2.10",),
        ),
        unsure(listeners=_EVERYWHERE, firewall=ipv4()),
        unsure(listeners=_EVERYWHERE, firewall="> missing nft\n"),
        unsure(missing=("listeners", "firewall")),
    ),
)
