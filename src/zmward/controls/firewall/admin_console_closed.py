"""The administration console is not open to everyone."""

from zmward.control import Check, Control, Severity, fails, passes, unsure
from zmward.controls.firewall._examples import NO_RULES, both
from zmward.controls.shapes.exposure import Pick, administrators, reachable
from zmward.controls.shapes.outside_ports import strangers_kept_out
from zmward.controls.shapes.outside_ways import rows_at
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.listeners import Listener

_PORTS = {"zimbraAdminPort": "7071", "zimbraAdminProxyPort": "9071"}
_OPEN = (Listener("tcp", "192.0.2.10", 7071, "java"),)
_NETWORKS = {"networks": {"admins": ["10.9.0.0/24"], "clients": ["10.0.0.0/8"]}}


def _console(facts: Facts, host: str, one: Listener) -> bool:
    own = next((server for server in facts.servers() if server.name == host), None)
    wanted = set()
    for attribute, port in _PORTS.items():
        said = own.one(attribute) if own else ""
        wanted.add(said or facts.config().one(attribute) or port)
    return str(one.port) in wanted and one.protocol == "tcp"


def _check(pick: Pick) -> Check:
    wanted = "loopback, the cluster or administrators only"
    check = reachable(wanted, pick, allowed=administrators)
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
    outside=strangers_kept_out(7071, rows=rows_at(7071, 9071)),
    examples=(
        passes(listeners=(Listener("tcp", "127.0.0.1", 7071),), firewall=NO_RULES),
        fails(listeners=(Listener("tcp", "*", 7071, "java"),), firewall=NO_RULES),
        fails(
            server={"zimbraAdminPort": "17071"},
            listeners=(Listener("tcp", "*", 17071, "java"),),
            firewall=NO_RULES,
        ),
        passes(listeners=_OPEN, firewall=both()),
        passes(
            listeners=_OPEN,
            firewall=both("-s 10.9.0.0/24 -p tcp -m tcp --dport 7071 -j ACCEPT"),
            profile=_NETWORKS,
        ),
        fails(
            listeners=_OPEN,
            firewall=both("-s 10.0.0.0/8 -p tcp -m tcp --dport 7071 -j ACCEPT"),
            profile=_NETWORKS,
        ),
        fails(
            listeners=_OPEN,
            firewall=both("-p tcp -m multiport --dports 443,7071 -j ACCEPT"),
        ),
        unsure(listeners=_OPEN, firewall=both("-m owner --uid-owner 0 -j ACCEPT")),
        unsure(listeners=_OPEN, firewall="> missing iptables-save\n"),
        unsure(missing=("listeners", "firewall")),
    ),
)
