"""A boot loads the packet filter again, for both families."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.firewallfiles import FIREWALL_FILES, FirewallFiles
from zmward.sources.units import UNITS, Units, unit

_NFT = ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf")
_V4 = ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables")
_V6 = ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables")
_NO_CURE = (
    "Enable one service that loads the rules (nftables, netfilter-persistent, ufw or "
    "firewalld) and save them where it reads them: `zmward firewall`."
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


def _ipv4_alone(files: FirewallFiles, good: dict[str, str]) -> bool:
    """Say whether nothing that will be loaded sees IPv6."""
    for name, place in good.items():
        if name in ("ufw", "firewalld") or place in _V6:
            return False
        if name == "nftables" and files.for_both(place):
            return False
    return not _holds(files, _V6)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    units = facts.read(UNITS, host)
    files = facts.read(FIREWALL_FILES, host)
    good, hollow = loaders(units, files)
    seen = ", ".join(f"{name} ({place})" for name, place in good.items())
    included = [path for path in _NFT if files.includes(path)]
    if "nftables" in hollow and included:
        reason = f"{included[0]} includes files that were not collected"
        yield unknown(Layer.LASTING, host, f"{reason}; see `zmward firewall`")
    elif not good:
        empty = ", ".join(f"{name} is enabled without rules" for name in hollow)
        yield deviates(
            Layer.LASTING,
            host,
            empty or "nothing loads rules at boot",
            "an enabled service that loads rules",
            no_cure=_NO_CURE,
            source="units",
        )
    elif _ipv4_alone(files, good):
        reason = f"{seen}: rules for IPv6 are not among them; see `zmward firewall`"
        yield unknown(Layer.LASTING, host, reason)
    else:
        yield sound(Layer.LASTING, host, source="units", seen=seen)


def _unit(name: str, boot: str) -> str:
    return (
        f"Id={name}.service\nLoadState=loaded\nActiveState=active\n"
        f"UnitFileState={boot}\n\n"
    )


_RULES = "> /etc/nftables.conf\n table inet f { chain i { policy drop; } }\n"

CONTROL = Control(
    id="firewall-starts-at-boot",
    title="A boot loads the packet filter again",
    why="Rules typed by hand are gone after the next reboot, and nobody notices.",
    impact="None now; the next boot brings the saved rules.",
    severity=Severity.HIGH,
    tips=("T03", "T04", "S1"),
    check=on_hosts(Layer.LASTING, (UNITS, FIREWALL_FILES), _look),
    refs=("https://wiki.nftables.org/",),
    note=(
        "It sees that something that drops will be loaded; whether it equals the rules "
        "that run is for `zmward firewall` to say."
    ),
    examples=(
        passes(raw={"units": _unit("nftables", "enabled"), "firewall-files": _RULES}),
        passes(
            raw={
                "units": _unit("ufw", "enabled"),
                "firewall-files": "> /etc/ufw/ufw.conf\n ENABLED=yes\n"
                '> /etc/default/ufw\n DEFAULT_INPUT_POLICY="DROP"\n',
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
            raw={
                "units": _unit("nftables", "enabled"),
                "firewall-files": _RULES.replace("inet", "ip"),
            }
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
            raw={
                "units": _unit("netfilter-persistent", "enabled"),
                "firewall-files": "> /etc/iptables/rules.v4\n *filter\n"
                " :INPUT DROP [0:0]\n COMMIT\n",
            }
        ),
        unsure(missing=("units", "firewall-files")),
    ),
)
