"""Only Zimbra's own servers reach memcached."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._examples import NO_RULES, both
from zmward.controls.shapes.exposure import ports, reachable
from zmward.controls.shapes.outside_ports import strangers_kept_out
from zmward.controls.shapes.outside_ways import rows_at
from zmward.sources.listeners import Listener

_CLUSTER = {"firewall": {"cluster": ["192.0.2.11/32"]}}

CONTROL = Control(
    id="memcached-closed-to-strangers",
    title="Only Zimbra's own servers reach memcached",
    why="memcached knows no login, so the network alone decides who may use it.",
    impact="Proxies and mailbox servers that no rule names lose the route cache.",
    severity=Severity.HIGH,
    tips=("S7", "S3"),
    roles=("memcached",),
    locks_out="proxies and mailbox servers that no rule names",
    check=reachable("loopback or the cluster only", ports(11211), role="memcached"),
    refs=("https://wiki.zimbra.com/wiki/Blocking_Memcached_Attack",),
    outside=strangers_kept_out(11211, "memcached", rows=rows_at(11211)),
    examples=(
        passes(listeners=(Listener("tcp", "127.0.0.1", 11211),), firewall=NO_RULES),
        passes(
            listeners=(Listener("tcp", "192.0.2.10", 11211),),
            firewall=both("-s 192.0.2.11/32 -p tcp -m tcp --dport 11211 -j ACCEPT"),
            profile=_CLUSTER,
        ),
        fails(listeners=(Listener("tcp", "*", 11211),), firewall=NO_RULES),
        fails(
            listeners=(Listener("udp", "192.0.2.10", 11211),),
            firewall=both("-s 192.0.2.0/24 -j ACCEPT"),
            profile=_CLUSTER,
        ),
        fails(
            listeners=(Listener("tcp", "192.0.2.10", 11211),),
            firewall=both("-s 192.0.2.11/32 -p tcp -m tcp --dport 11211 -j ACCEPT"),
        ),
        unsure(
            listeners=(Listener("tcp", "192.0.2.10", 11211),),
            firewall=both("-m set --match-set friends src -j ACCEPT"),
        ),
        unsure(missing=("listeners",)),
    ),
)
