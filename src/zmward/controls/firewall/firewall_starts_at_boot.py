"""A boot loads the packet filter again, for both families."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.exposure import ipv6_in_use
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.firewallfiles import FIREWALL_FILES, FirewallFiles
from zmward.sources.units import UNITS, Units, unit

_NFT = ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf")
_V4 = ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables")
_V6 = ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables")
_OURS = tuple(f"/var/lib/zmward/firewall/current/{n}" for n in ("nft", "v4", "v6"))
_NO_CURE = (
    "`zmward firewall try` loads the whitelist, and `zmward confirm` has each boot "
    "load it; or enable one service that loads rules (nftables, netfilter-persistent, "
    "ufw or firewalld) and save them where it reads them."
)


def _holds(files: FirewallFiles, paths: tuple[str, ...]) -> str:
    return next((path for path in paths if files.holds_rules(path)), "")


def loaders(units: Units, files: FirewallFiles) -> tuple[dict[str, str], list[str]]:
    """Return what loads rules at boot (unit → from where), and what loads nothing."""
    good: dict[str, str] = {}
    hollow = []
    asked = {
        "nftables": _holds(files, _NFT),
        "netfilter-persistent": _holds(files, _V4[:1]),
        "iptables": _holds(files, _V4[1:]),
        "ip6tables": _holds(files, _V6[1:]),
        "ufw": "ufw.conf" if files.ufw_denies else "",
        "firewalld": "its zones" if files.firewalld_denies else "",
        "zmward-firewall": _holds(files, _OURS[:2]),
    }
    for name, place in asked.items():
        found = unit(units, name)
        if not found.exists or found.boot != "enabled":
            continue
        if place:
            good[name] = place
        elif name != "ip6tables":
            hollow.append(name)
    return good, hollow


def _denied(files: FirewallFiles, name: str, place: str) -> set[str]:
    """Return the families of which a service denies by default what comes in."""
    match name:
        case "ufw":
            both = files.setting("/etc/default/ufw", "IPV6") == "yes"
            return {"ipv4", "ipv6"} if both else {"ipv4"}
        case "firewalld":
            return set() if files.firewalld_opens else {"ipv4", "ipv6"}
        case "nftables":
            return files.nft_denies(place)
        case "netfilter-persistent":
            paths = [_V4[0], _V6[0]]
        case "zmward-firewall":
            if place == _OURS[0]:
                return files.nft_denies(place)
            paths = list(_OURS[1:])
        case _:
            paths = [place]
    sure = [path for path in paths if files.iptables_denies(path)]
    return {"ipv4" if path in (*_V4, _OURS[1]) else "ipv6" for path in sure}


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    units = facts.read(UNITS, host)
    files = facts.read(FIREWALL_FILES, host)
    good, hollow = loaders(units, files)
    seen = ", ".join(f"{name} ({place})" for name, place in good.items())
    included = [path for path in _NFT if files.includes(path)]
    if "nftables" in hollow and included:
        reason = f"{included[0]} includes files that were not collected"
        yield unknown(Layer.LASTING, host, f"{reason}; see `zmward firewall`")
        return
    if not good:
        empty = ", ".join(f"{name} is enabled without rules" for name in hollow)
        yield deviates(
            Layer.LASTING,
            host,
            empty or "nothing loads rules at boot",
            "an enabled service that loads rules",
            no_cure=_NO_CURE,
            source="units",
        )
        return
    denied = set().union(*(_denied(files, *one) for one in good.items()))
    if "ipv4" not in denied:
        reason = f"{seen}: no denial by default is seen there; see `zmward firewall`"
        yield unknown(Layer.LASTING, host, reason)
    elif "ipv6" not in denied and ipv6_in_use(facts, host):
        reason = f"{seen}: IPv6 is not denied there; see `zmward firewall`"
        yield unknown(Layer.LASTING, host, reason)
    else:
        yield sound(Layer.LASTING, host, source="units", seen=seen)


def _unit(name: str, boot: str) -> str:
    return (
        f"Id={name}.service\nLoadState=loaded\nActiveState=active\n"
        f"UnitFileState={boot}\n\n"
    )


_RULES = (
    "> /etc/nftables.conf\n table inet f {\n chain i {\n"
    " type filter hook input priority 0; policy drop;\n }\n }\n"
)
_UFW = (
    "> /etc/ufw/ufw.conf\n ENABLED=yes\n> /etc/default/ufw\n"
    ' IPV6={}\n DEFAULT_INPUT_POLICY="DROP"\n'
)
_SAVED = " *filter\n :INPUT DROP [0:0]\n COMMIT\n"
_OWN = (
    " *security\n :INPUT ACCEPT [0:0]\n :ZMWARD - [0:0]\n -F INPUT\n"
    " -A INPUT -j ZMWARD\n"
    ' -A ZMWARD -m comment --comment "all that is left" -j DROP\n COMMIT\n'
)
_BOTH = ("192.0.2.10", "2001:db8::10")

CONTROL = Control(
    id="firewall-starts-at-boot",
    title="A boot loads a packet filter that denies by default",
    why="Rules typed by hand are gone after the next reboot, and nobody notices.",
    impact="None now; the next boot closes what no saved rule names.",
    severity=Severity.HIGH,
    tips=("T03", "T04", "S1"),
    locks_out="administrators and cluster nodes that no saved rule names",
    check=on_hosts(Layer.LASTING, (UNITS, FIREWALL_FILES, ADDRESSES), _look),
    refs=("https://wiki.nftables.org/",),
    note=(
        "It sees that what comes in is denied by default after a boot; whom the rules "
        "let in, and whether they equal those that run, is for `zmward firewall` to "
        "say. Zones that NetworkManager gives to an interface are not looked at."
    ),
    examples=(
        passes(raw={"units": _unit("nftables", "enabled"), "firewall-files": _RULES}),
        passes(
            raw={
                "units": _unit("ufw", "enabled"),
                "firewall-files": _UFW.format("yes"),
            }
        ),
        passes(
            addresses=("192.0.2.10", "::1"),
            raw={
                "units": _unit("iptables", "enabled"),
                "firewall-files": f"> /etc/sysconfig/iptables\n{_SAVED}",
            },
        ),
        passes(
            addresses=_BOTH,
            raw={
                "units": _unit("zmward-firewall", "enabled"),
                "firewall-files": _RULES.replace("/etc/nftables.conf", _OURS[0]),
            },
        ),
        passes(
            addresses=_BOTH,
            raw={
                "units": _unit("zmward-firewall", "enabled"),
                "firewall-files": f"> {_OURS[1]}\n{_OWN}> {_OURS[2]}\n{_OWN}",
            },
        ),
        unsure(
            addresses=_BOTH,
            raw={
                "units": _unit("ufw", "enabled"),
                "firewall-files": _UFW.format("no"),
            },
        ),
        unsure(
            addresses=_BOTH,
            raw={
                "units": _unit("iptables", "enabled") + _unit("ip6tables", "disabled"),
                "firewall-files": f"> /etc/sysconfig/iptables\n{_SAVED}"
                f"> /etc/sysconfig/ip6tables\n{_SAVED}",
            },
        ),
        unsure(
            raw={
                "units": _unit("netfilter-persistent", "enabled"),
                "firewall-files": "> /etc/iptables/rules.v4\n *filter\n"
                " :INPUT ACCEPT [0:0]\n -A f2b -s 203.0.113.9/32 -j REJECT\n COMMIT\n",
            }
        ),
        unsure(
            raw={
                "units": _unit("firewalld", "enabled"),
                "firewall-files": "> /etc/firewalld/firewalld.conf\n"
                " DefaultZone=public\n> /etc/firewalld/zones/trusted.xml\n"
                ' <zone target="ACCEPT"><interface name="eth0"/></zone>\n',
            }
        ),
        fails(
            raw={
                "units": _unit("ufw", "enabled"),
                "firewall-files": "> /etc/ufw/ufw.conf\n ENABLED=yes\n"
                '> /etc/default/ufw\n DEFAULT_INPUT_POLICY="ACCEPT"\n',
            }
        ),
        unsure(
            raw={
                "units": _unit("nftables", "enabled"),
                "firewall-files": "> /etc/sysconfig/nftables.conf\n"
                ' include "/etc/nftables/main.nft"\n',
            }
        ),
        unsure(
            addresses=_BOTH,
            raw={
                "units": _unit("nftables", "enabled"),
                "firewall-files": _RULES.replace("inet", "ip"),
            },
        ),
        fails(raw={"units": _unit("nftables", "disabled"), "firewall-files": _RULES}),
        fails(
            raw={
                "units": _unit("ufw", "enabled"),
                "firewall-files": "> /etc/ufw/ufw.conf\n ENABLED=no\n",
            }
        ),
        fails(
            raw={
                "units": _unit("nftables", "enabled"),
                "firewall-files": "> /etc/nftables.conf\n flush ruleset\n"
                " # policy drop\n",
            }
        ),
        unsure(
            addresses=_BOTH,
            raw={
                "units": _unit("netfilter-persistent", "enabled"),
                "firewall-files": f"> /etc/iptables/rules.v4\n{_SAVED}",
            },
        ),
        unsure(missing=("units", "firewall-files")),
    ),
)
