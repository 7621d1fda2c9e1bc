"""Every port that is open to the network is one that Zimbra or the system needs."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.exposure import VERB, shown, unfiltered
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.firewall import FIREWALL, Filter, Firewall
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


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = _foreign(facts, host)
    if not found:
        yield sound(Layer.RUNNING, host, source="listeners", seen="no unknown port")
        return
    seen = ", ".join(sorted({shown(one) for one in found}))
    open_ = unfiltered(facts, host, found)
    if open_:
        yield deviates(
            Layer.RUNNING,
            host,
            f"{seen}; {open_}",
            "known services only",
            no_cure="Find out whose it is (`ss -ltnup`), stop what nobody needs, and "
            "close the rest in the packet filter; `zmward firewall` will render it.",
            source="listeners",
            seen=seen,
        )
    else:
        yield unknown(Layer.RUNNING, host, f"{seen}: {VERB}")


CONTROL = Control(
    id="open-ports-known",
    title="Every port open to the network is one of Zimbra or the system",
    why="A forgotten service is the one that nobody patches.",
    impact="Whoever uses the service that is stopped or closed.",
    severity=Severity.LOW,
    tips=("S2", "S3"),
    check=on_hosts(Layer.RUNNING, (LISTENERS, FIREWALL, ADDRESSES, SSHD), _look),
    refs=("https://wiki.zimbra.com/wiki/Ports",),
    note="A monitoring agent is named here too while no packet filter is loaded.",
    examples=(
        passes(
            sshd={"port": "2222"},
            firewall=Firewall(),
            listeners=(Listener("tcp", "*", 443), Listener("tcp", "*", 2222)),
        ),
        fails(
            sshd={},
            firewall=Firewall(),
            listeners=(Listener("tcp", "*", 3389, "xrdp"),),
        ),
        unsure(
            sshd={},
            firewall=Firewall(
                (Filter("nft inet f", ("ipv4", "ipv6"), ("drop",), 9, drops=True),)
            ),
            listeners=(Listener("tcp", "*", 9100, "node_exporter"),),
        ),
        unsure(missing=("listeners", "sshd", "firewall")),
    ),
)
