"""One service owns the packet filter."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.firewall.firewall_starts_at_boot import loaders
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.firewallfiles import FIREWALL_FILES
from zmward.sources.units import UNITS


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    files = facts.read(FIREWALL_FILES, host)
    good, hollow = loaders(facts.read(UNITS, host), files)
    owners = set(good) - {"ip6tables"}
    if not owners:
        yield not_concerned(Layer.LASTING, host, "no service loads rules at boot")
        return
    # Without rules of its own it still throws away those of the others; ours are then
    # loaded again.
    ours = "zmward-firewall" in owners
    if "nftables" in hollow and not ours and files.flushes("/etc/nftables.conf"):
        owners.add("nftables")
    seen = ", ".join(sorted(owners))
    if len(owners) == 1:
        yield sound(Layer.LASTING, host, source="units", seen=f"loads rules: {seen}")
    else:
        yield deviates(
            Layer.LASTING,
            host,
            f"each of these loads or flushes rules at boot: {seen}",
            "one of them",
            no_cure="Decide for one, move the rules there, then `systemctl disable "
            "--now` the others, with a console at hand: which of them holds the rules "
            "that you mean, no program knows. `zmward firewall` will render them for "
            "one.",
            source="units",
        )


def _unit(name: str) -> str:
    return (
        f"Id={name}.service\nLoadState=loaded\nActiveState=active\n"
        "UnitFileState=enabled\n\n"
    )


_RULES = "> /etc/nftables.conf\n table inet f { chain i { policy drop; } }\n"

CONTROL = Control(
    id="one-firewall-service",
    title="One service owns the packet filter",
    why=(
        "nftables' service begins with `flush ruleset`, ufw and firewalld write rules "
        "of their own: which one wins depends on the order of the boot."
    ),
    impact="Rules of the services that are disabled must be moved first.",
    severity=Severity.MEDIUM,
    tips=("T03", "S5"),
    check=on_hosts(Layer.LASTING, (UNITS, FIREWALL_FILES), _look),
    refs=(),
    examples=(
        passes(raw={"units": _unit("nftables"), "firewall-files": _RULES}),
        fails(
            raw={
                "units": _unit("nftables") + _unit("netfilter-persistent"),
                "firewall-files": "> /etc/nftables.conf\n flush ruleset\n"
                "> /etc/iptables/rules.v4\n *filter\n :INPUT DROP [0:0]\n COMMIT\n",
            }
        ),
        passes(
            raw={
                "units": _unit("nftables") + _unit("zmward-firewall"),
                "firewall-files": "> /etc/nftables.conf\n flush ruleset\n"
                "> /var/lib/zmward/firewall/current/nft\n table inet zmward { chain i "
                "{ policy drop; } }\n",
            }
        ),
        unconcerned(raw={"units": _unit("ssh"), "firewall-files": ""}),
        fails(
            raw={
                "units": _unit("nftables") + _unit("ufw"),
                "firewall-files": f"{_RULES}> /etc/ufw/ufw.conf\n ENABLED=yes\n"
                '> /etc/default/ufw\n DEFAULT_INPUT_POLICY="DROP"\n',
            }
        ),
        unsure(missing=("units",)),
    ),
)
