"""IPv4 packets are dropped unless a rule lets them in."""

from zmward.control import Control, Severity, fails, unsure
from zmward.controls.shapes.packets import filtered
from zmward.sources.firewall import Filter, Firewall

_NFT = '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}'
_ACCEPT = (
    "> iptables legacy\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
    ":OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"
)

CONTROL = Control(
    id="ipv4-packets-filtered",
    title="IPv4 packets are dropped unless a rule lets them in",
    why=(
        "Zimbra listens on some thirty ports, many without any login: without a "
        "packet filter the internet reaches LMTP, LDAP, memcached and the console."
    ),
    impact="Whatever no rule names is closed, other servers of the cluster included.",
    severity=Severity.CRITICAL,
    tips=("T03", "S1"),
    locks_out="administrators and cluster nodes that no rule names",
    check=filtered("ipv4", lambda _facts, _host: ""),
    refs=("https://wiki.nftables.org/",),
    note=(
        "Only rule sets that drop nothing at all are judged here; whom the others let "
        "in, and whether null, XMAS and new non-SYN packets are dropped, is for "
        "`zmward firewall`. A filter in front of the server cannot be seen from it."
    ),
    examples=(
        fails(raw={"firewall": f"> nft\n{_NFT}\n"}),
        fails(raw={"firewall": _ACCEPT + f"> nft\n{_NFT}\n"}),
        fails(raw={"firewall": "> iptables none\n"}),
        unsure(
            firewall=Firewall(
                (
                    Filter(
                        "nft inet filter", ("ipv4", "ipv6"), ("drop",), 13, drops=True
                    ),
                )
            )
        ),
        unsure(raw={"firewall": "> missing nft\n"}),
        unsure(missing=("firewall",)),
    ),
)
