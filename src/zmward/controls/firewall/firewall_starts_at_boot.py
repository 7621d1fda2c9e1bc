"""A boot loads the packet filter again, for both families."""

from collections.abc import Iterable, Iterator, Mapping

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.firewall._cure import NO_CURE
from zmward.controls.shapes.basic import Sources, on_hosts
from zmward.controls.shapes.exposure import ipv6_in_use
from zmward.controls.shapes.packets import in_doubt, let_in, unnamed
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Missing, Unseen
from zmward.facts import Facts
from zmward.firewall import ipset, iptables, nft_text, whitelist
from zmward.firewall.ipset_script import restored
from zmward.firewall.live import Live
from zmward.firewall.loaded import Loaded, joined
from zmward.firewall.openings import FAMILIES
from zmward.firewall.ranges import Family
from zmward.firewall.ways import held
from zmward.sources.firewallfiles import FIREWALL_FILES, FirewallFiles
from zmward.sources.source import Unreadable
from zmward.sources.units import UNITS, Units, unit

_NFT = ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf")
_V4 = ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables")
_V6 = ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables")
_NO_CURE = (
    "`zmward firewall try` loads the whitelist, and `zmward confirm` has each boot "
    "load it; or enable one service that loads rules (nftables, netfilter-persistent, "
    "ufw or firewalld) and save them where it reads them."
)
_OWN = "/var/lib/zmward/firewall/current/"
_OWN_FILES = (f"{_OWN}nft", f"{_OWN}v4", f"{_OWN}v6")
_FAMILIES: dict[str, Family] = {
    **dict.fromkeys((*_V4, f"{_OWN}v4"), "ipv4"),
    **dict.fromkeys((*_V6, f"{_OWN}v6"), "ipv6"),
}


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
        "zmward-firewall": _holds(files, _OWN_FILES),
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


def _by_words(files: FirewallFiles, names: Iterable[str]) -> set[Family]:
    """Return the families that ufw or firewalld deny by default."""
    found: set[Family] = set()
    if "ufw" in names:
        both = files.setting("/etc/default/ufw", "IPV6") == "yes"
        found |= {"ipv4", "ipv6"} if both else {"ipv4"}
    if "firewalld" in names and not files.firewalld_opens:
        found |= {"ipv4", "ipv6"}
    return found


def _paths(name: str) -> tuple[str, ...]:
    """Return the files that a service loads."""
    match name:
        case "nftables":
            return _NFT
        case "netfilter-persistent":
            return _V4[0], _V6[0]
        case "iptables" | "ip6tables":
            return (_V4[1],) if name == "iptables" else (_V6[1],)
        case "zmward-firewall":
            return _OWN_FILES
    return ()


def _saved(files: FirewallFiles, names: Iterable[str]) -> Loaded:
    """Read the rules that services load at boot; Unseen where one cannot be read."""
    sets = ipset.NO_SETS
    try:
        sets = ipset.Sets(restored(files.files.get(f"{_OWN}ipset", "")))
        rulesets = [
            iptables.parse(text, _FAMILIES[path], sets)
            if path in _FAMILIES
            else nft_text.parse(text)
            for name in names
            for path in _paths(name)
            if (text := files.files.get(path, "")).strip()
        ]
    except Unreadable as error:
        raise Unseen(Missing(f"saved rules: {error}", "unparsed")) from error
    return Loaded(joined(rulesets))


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    units = facts.read(UNITS, host)
    files = facts.read(FIREWALL_FILES, host)
    good, hollow = loaders(units, files)
    included = [path for path in _NFT if files.includes(path)]
    if included and ("nftables" in hollow or "nftables" in good):
        reason = f"{included[0]} includes files that were not collected"
        yield unknown(Layer.LASTING, host, reason)
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
    yield from _after_boot(facts, host, files, good)


def _after_boot(
    facts: Facts, host: str, files: FirewallFiles, good: Mapping[str, str]
) -> Iterator[Judgement]:
    """Judge the saved rules as they will be loaded."""
    seen = ", ".join(f"{name} ({place})" for name, place in good.items())
    words = _by_words(files, good)
    found: list[Judgement] = []
    for family in FAMILIES:
        if family in words:
            continue
        if {"ufw", "firewalld"} & good.keys():
            if family == "ipv6" and not ipv6_in_use(facts, host):
                continue
            reason = f"{seen}: no denial of {family} by default is seen there"
            found.append(unknown(Layer.LASTING, host, reason))
            continue
        rules = Live(_saved(files, good), held(facts, host))
        told = unnamed(facts, host, family, rules)
        open_ = any(one.sure or one.doubt for _, one in told)
        if not open_ or (family == "ipv6" and not ipv6_in_use(facts, host)):
            continue
        found += (
            deviates(
                Layer.LASTING,
                host,
                f"{seen}: {text}",
                "rules that deny by default",
                source="firewall-files",
                no_cure=NO_CURE,
            )
            for text in let_in(told)
        )
        found += (unknown(Layer.LASTING, host, text) for text in in_doubt(told))
    yield from found
    if not found:
        yield sound(Layer.LASTING, host, source="units", seen=seen)


_NEEDS: Sources = (UNITS, FIREWALL_FILES, *whitelist.NEEDS)


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
_OURS = (
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
    check=on_hosts(Layer.LASTING, _NEEDS, _look),
    refs=("https://wiki.nftables.org/",),
    note=(
        "Saved rules of nftables, iptables and zmward are judged as the loaded ones "
        "are; of ufw and firewalld only what they deny by default. Zones that "
        "NetworkManager gives to an interface are not looked at."
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
        unsure(
            addresses=_BOTH,
            raw={
                "units": _unit("ufw", "enabled"),
                "firewall-files": _UFW.format("no"),
            },
        ),
        fails(
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
        fails(
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
        fails(
            addresses=_BOTH,
            raw={
                "units": _unit("netfilter-persistent", "enabled"),
                "firewall-files": f"> /etc/iptables/rules.v4\n{_SAVED}",
            },
        ),
        passes(
            addresses=_BOTH,
            raw={
                "units": _unit("zmward-firewall", "enabled"),
                "firewall-files": f"> {_OWN}v4\n{_OURS}> {_OWN}v6\n{_OURS}",
            },
        ),
        fails(
            addresses=_BOTH,
            raw={
                "units": _unit("zmward-firewall", "enabled"),
                "firewall-files": f"> {_OWN}v4\n{_OURS}",
            },
        ),
        passes(
            addresses=_BOTH,
            raw={
                "units": _unit("zmward-firewall", "enabled"),
                "firewall-files": "> /var/lib/zmward/firewall/current/nft\n"
                + _RULES.partition("\n")[2],
            },
        ),
        fails(
            addresses=_BOTH,
            raw={
                "units": _unit("nftables", "enabled"),
                "firewall-files": _RULES.replace(
                    "policy drop;", "policy drop;\n ip saddr 10.0.0.0/8 accept"
                ),
            },
        ),
        unsure(missing=("units", "firewall-files")),
    ),
)
