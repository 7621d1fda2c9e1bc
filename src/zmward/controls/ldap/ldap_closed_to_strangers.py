"""Only Zimbra's own servers reach the directory."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._examples import NO_RULES, both
from zmward.controls.shapes.exposure import ports, reachable
from zmward.controls.shapes.outside_ports import strangers_kept_out
from zmward.controls.shapes.outside_ways import rows_at
from zmward.sources.listeners import Listener

_OPEN = (Listener("tcp", "192.0.2.10", 389, "slapd"),)

CONTROL = Control(
    id="ldap-closed-to-strangers",
    title="Only Zimbra's own servers reach the directory",
    why=(
        "Passwords can be guessed there without lock-out, without a line in audit.log "
        "and unseen by fail2ban; and everyone with an account reads all addresses."
    ),
    impact="Other servers of the cluster need rules, or they stop.",
    severity=Severity.HIGH,
    tips=("S6", "S3"),
    roles=("ldap",),
    locks_out="cluster nodes and address books that no rule names",
    check=reachable("loopback or the cluster only", ports(389, 636), role="ldap"),
    refs=("https://wiki.zimbra.com/wiki/Ports",),
    outside=strangers_kept_out(389, "ldap", rows=rows_at(389, 636)),
    examples=(
        passes(listeners=(Listener("tcp", "127.0.0.1", 389),), firewall=NO_RULES),
        passes(listeners=_OPEN, firewall=both()),
        passes(
            listeners=_OPEN,
            firewall=both("-s 192.0.2.11/32 -j ACCEPT"),
            profile={"firewall": {"cluster": ["192.0.2.11/32"]}},
        ),
        fails(listeners=_OPEN, firewall=NO_RULES),
        fails(listeners=_OPEN, firewall=both("-s 192.168.0.0/16 -j ACCEPT")),
        unsure(listeners=_OPEN, firewall=both("-m geoip --src-cc IT -j ACCEPT")),
        unsure(missing=("listeners",)),
    ),
)
