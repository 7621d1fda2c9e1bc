"""The administration console is not open to everyone."""

from zmward.control import Check, Control, Severity, fails, passes, unsure
from zmward.controls.shapes.exposure import Pick, reachable
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.firewall import Filter, Firewall
from zmward.sources.listeners import Listener

_PORTS = {"zimbraAdminPort": "7071", "zimbraAdminProxyPort": "9071"}
_FILTER = Firewall((Filter("nft inet f", ("ipv4", "ipv6"), ("drop",), 9, drops=True),))


def _console(facts: Facts, host: str, one: Listener) -> bool:
    own = next((server for server in facts.servers() if server.name == host), None)
    wanted = set()
    for attribute, port in _PORTS.items():
        said = own.one(attribute) if own else ""
        wanted.add(said or facts.config().one(attribute) or port)
    return str(one.port) in wanted and one.protocol == "tcp"


def _check(pick: Pick) -> Check:
    check = reachable("loopback, the cluster or administrators only", pick)
    needs = dict.fromkeys((*check.needs, CONFIG.name, SERVERS.name))
    return Check(tuple(needs), check.judge, check.cures, layers=check.layers)


CONTROL = Control(
    id="admin-console-closed",
    title="The administration console is not open to everyone",
    why="Who guesses or steals an administrator's password there owns every mailbox.",
    impact="Administrators come through an SSH tunnel, a VPN or from named networks.",
    severity=Severity.HIGH,
    tips=("T06", "T07", "S3"),
    locks_out="administrators who come from networks that no rule names",
    check=_check(_console),
    refs=("https://wiki.zimbra.com/wiki/Ports",),
    note=(
        "7071 is mailboxd, 9071 the proxy. A tunnel needs neither open: `ssh -L "
        "7071:localhost:7071`. Other mailbox servers and proxies do need 7071. There "
        "is no attribute that lists allowed addresses."
    ),
    examples=(
        passes(listeners=(Listener("tcp", "127.0.0.1", 7071),), firewall=Firewall()),
        fails(listeners=(Listener("tcp", "*", 7071, "java"),), firewall=Firewall()),
        fails(
            server={"zimbraAdminPort": "17071"},
            listeners=(Listener("tcp", "*", 17071, "java"),),
            firewall=Firewall(),
        ),
        unsure(listeners=(Listener("tcp", "*", 7071, "java"),), firewall=_FILTER),
        unsure(missing=("listeners", "firewall")),
    ),
)
