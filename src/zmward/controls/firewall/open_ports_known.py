"""Every port that is open to the network is one that Zimbra or the system needs."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._examples import NO_RULES, both
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.exposure import NEEDS, judged, reached
from zmward.controls.shapes.outside_ports import KNOWN_ONLY
from zmward.controls.shapes.packets import TRUSTED
from zmward.deviation import Judgement, Layer, sound
from zmward.facts import Facts
from zmward.firewall import whitelist
from zmward.firewall.openings import Sources
from zmward.sources.listeners import LISTENERS, Listener
from zmward.sources.sshd import SSHD

# Clients' ports, the cluster's, the chain's (judged by controls of their own), and
# those of the system: DNS, DHCP, NTP, SSH.
_KNOWN = {
    *(22, 25, 53, 67, 68, 80, 110, 123, 143, 323, 443, 465, 546, 547, 587, 993, 995),
    *(389, 636, 514, 161, 162, 3443, 5222, 5223, 5269, 7025, 7026, 7047, 7071, 7072),
    *(7073, 7074, 7084, 7085, 7110, 7143, 7285, 7335, 7780, 7993, 7995, 8080, 8081),
    *(8143, 8443, 8735, 8736, 8742, 8743, 8888, 8993, 9071, 9443, 9980, 11211),
    *(4369, 5672, 25672, 3310, 7171, 7306, 7307, 7308, 8465, 10663, 23232, 23233),
    *range(10024, 10033),
}
# The system picks ports from here for sockets that wait for one answer.
_EPHEMERAL = 32_768


def _foreign(facts: Facts, host: str) -> list[Listener]:
    ssh = {port for case in facts.read(SSHD, host) for port in case.settings["port"]}
    return [
        one
        for one in facts.read(LISTENERS, host)
        if not one.loopback
        and one.port not in _KNOWN
        and str(one.port) not in ssh
        and not (one.protocol == "udp" and one.port >= _EPHEMERAL)
    ]


def _allowed(facts: Facts, host: str, protocol: int, port: int) -> Sources:
    """Allow whom the site's profile lets in by name, and who looks after the host."""
    named = whitelist.opened(facts, host, protocol, port)
    return named | whitelist.zone_sources(facts, host, TRUSTED)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = reached(facts, host, _foreign(facts, host), _allowed)
    told = tuple(judged(host, "known services only", found))
    yield from told
    if not told:
        seen = "no unknown port is reached"
        yield sound(Layer.RUNNING, host, source="listeners", seen=seen)


CONTROL = Control(
    id="open-ports-known",
    title="Every port open to the network is one of Zimbra or the system",
    why="A forgotten service is the one that nobody patches.",
    impact="Whoever uses the service that is stopped or closed.",
    severity=Severity.LOW,
    tips=("S2", "S3"),
    check=on_hosts(Layer.RUNNING, NEEDS, _look),
    refs=("https://wiki.zimbra.com/wiki/Ports",),
    note="Ports that the profile opens in firewall.allow are known.",
    outside=KNOWN_ONLY,
    examples=(
        passes(
            sshd={"port": "2222"},
            firewall=NO_RULES,
            listeners=(Listener("tcp", "*", 443), Listener("tcp", "*", 2222)),
        ),
        fails(
            sshd={},
            firewall=NO_RULES,
            listeners=(Listener("tcp", "*", 3389, "xrdp"),),
        ),
        unsure(
            sshd={},
            firewall=both("-m set --match-set friends src -j ACCEPT"),
            addresses=("192.0.2.10",),
            listeners=(Listener("tcp", "*", 9100, "node_exporter"),),
        ),
        passes(
            sshd={},
            firewall=both(),
            addresses=("192.0.2.10",),
            listeners=(Listener("tcp", "*", 9100, "node_exporter"),),
        ),
        passes(
            sshd={},
            firewall=both("-s 10.8.0.5/32 -p tcp -m tcp --dport 9100 -j ACCEPT"),
            addresses=("192.0.2.10",),
            listeners=(Listener("tcp", "*", 9100, "node_exporter"),),
            profile={"networks": {"monitoring": ["10.8.0.5/32"]}},
        ),
        unsure(missing=("listeners", "sshd", "firewall")),
    ),
)
