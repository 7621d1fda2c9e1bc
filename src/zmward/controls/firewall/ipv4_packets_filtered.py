"""IPv4 packets are dropped unless a rule lets them in."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._examples import NO_RULES, both, ipv4
from zmward.controls.shapes.packets import filtered

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
        "Judged by what befalls packets to ports that no rule names, whatever the "
        "tool that loaded the rules. Administrators, the cluster and monitoring may "
        "be let in whole. A filter in front of the server cannot be seen from it."
    ),
    examples=(
        fails(raw={"firewall": f"> nft\n{_NFT}\n"}),
        fails(raw={"firewall": _ACCEPT + f"> nft\n{_NFT}\n"}),
        fails(firewall=NO_RULES),
        fails(firewall=both("-s 192.168.1.0/24 -j ACCEPT")),
        fails(firewall=both("-p tcp -m tcp --dport 1024:65535 -j ACCEPT")),
        fails(firewall=both("-s 203.0.113.9/32 -j DROP", policy="ACCEPT")),
        passes(firewall=ipv4()),
        passes(firewall=ipv4("-p tcp -m tcp --dport 7071 -j ACCEPT")),
        passes(firewall=ipv4("-j REJECT", policy="ACCEPT")),
        passes(
            firewall=both("-s 10.9.0.0/24 -j ACCEPT"),
            profile={"networks": {"admins": ["10.9.0.0/24"]}},
        ),
        unsure(firewall=ipv4("-m set --match-set friends src -j ACCEPT")),
        unsure(raw={"firewall": "> missing nft\n"}),
        unsure(missing=("firewall",)),
    ),
)
