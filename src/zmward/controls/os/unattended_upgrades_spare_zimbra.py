"""Zimbra's packages are never upgraded while nobody looks."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.os._apt import drop_in
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.repair import repair
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.aptconf import APT_CONF
from zmward.sources.own_files import OWN_FILES
from zmward.sources.packages import PACKAGES

_OWNERS = {"o", "origin", "l", "label", "site"}
_BY_RPM = ("dnf-automatic", "yum-cron", "PackageKit-cron")


_LINE = 'Unattended-Upgrade::Package-Blacklist:: "zimbra-";'
_WORDS = ("zimbra", "zimbra-")


def _spares_zimbra(pattern: str) -> bool:
    """Say whether a pattern, matched at its start, takes all of Zimbra's packages."""
    return pattern.removeprefix("^").rstrip("*.") in _WORDS


def _takes_zimbra(origin: str) -> bool:
    """Say whether a pattern lets Zimbra's repository in, by name or by wildcard."""
    words = [word.partition("=")[2] or word for word in origin.lower().split(",")]
    first = words[0].partition(":")[0].strip() if words else ""
    keys = {word.partition("=")[0].strip() for word in origin.lower().split(",")}
    # A pattern by release alone: Zimbra's repository carries the system's code names.
    anybody = "=" in origin and not keys & _OWNERS
    return "zimbra" in origin.lower() or first == "*" or anybody


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    packages = facts.read(PACKAGES, host)
    if "apt" not in packages:
        known = [name for name in _BY_RPM if name in packages]
        if known:
            reason = f"{', '.join(known)} is installed; what it takes is not looked at"
            yield unknown(Layer.DECLARED, host, reason)
        else:
            seen = f"none of {', '.join(_BY_RPM)} is installed"
            yield sound(Layer.DECLARED, host, source="packages", seen=seen)
        return
    found = facts.read(APT_CONF, host)
    taken = [origin for origin in found.origins if _takes_zimbra(origin)]
    spared = [pattern for pattern in found.spared if _spares_zimbra(pattern)]
    if not found.unattended or not taken or spared:
        seen = f"unattended: {', '.join(found.origins) or 'nothing'}"
        if not found.unattended:
            seen = "unattended upgrades are off"
        elif taken:
            seen = f"left alone: {', '.join(spared)}"
        yield sound(Layer.DECLARED, host, source="apt-conf", seen=seen)
        return
    yield deviates(
        Layer.DECLARED,
        host,
        f"upgraded unattended: {', '.join(taken)}",
        "the operating system's own origins only",
        source="apt-conf",
        **repair(lambda: drop_in(facts, host, _LINE)),
    )


CONTROL = Control(
    id="unattended-upgrades-spare-zimbra",
    title="Unattended upgrades leave Zimbra's packages alone",
    why=(
        "A patch of Zimbra stops services, rewrites templates and needs a restart; at "
        "night and unseen it is an outage."
    ),
    impact="Patches of Zimbra are installed by hand.",
    severity=Severity.MEDIUM,
    tips=("T01",),
    check=on_hosts(Layer.DECLARED, (APT_CONF, PACKAGES, OWN_FILES), _look, cures=True),
    refs=("https://wiki.debian.org/UnattendedUpgrades",),
    note=(
        "The repair leaves the origins as they are: it adds Zimbra's packages to those "
        "that unattended-upgrades never touches."
    ),
    examples=(
        passes(
            packages={"apt": "2.4"},
            raw={
                "apt-conf": "> /etc/apt/apt.conf.d/20auto-upgrades\n"
                ' APT::Periodic::Unattended-Upgrade "1";\n'
                "> /etc/apt/apt.conf.d/50unattended-upgrades\n"
                " Unattended-Upgrade::Allowed-Origins {\n"
                ' \t"${distro_id}:${distro_codename}-security";\n }\n'
            },
        ),
        fails(
            packages={"apt": "2.4"},
            raw={
                "apt-conf": "> /etc/apt/apt.conf.d/20auto-upgrades\n"
                ' APT::Periodic::Unattended-Upgrade "1";\n'
                "> /etc/apt/apt.conf.d/51zimbra\n"
                ' Unattended-Upgrade::Origins-Pattern { "origin=*"; };\n',
                "own-files": "end\n",
            },
        ),
        passes(
            packages={"apt": "2.4"},
            raw={
                "apt-conf": "> /etc/apt/apt.conf.d/50unattended-upgrades\n"
                ' APT::Periodic::Unattended-Upgrade "1";\n'
                ' Unattended-Upgrade::Origins-Pattern { "origin=*"; };\n'
                ' Unattended-Upgrade::Package-Blacklist:: "zimbra-";\n'
            },
        ),
        unsure(packages={"apt": "2.4"}, missing=("apt-conf",)),
        fails(
            packages={"apt": "2.4"},
            raw={
                "apt-conf": "> /etc/apt/apt.conf.d/50unattended-upgrades\n"
                ' APT::Periodic::Unattended-Upgrade "1";\n'
                ' Unattended-Upgrade::Origins-Pattern { "codename=jammy"; };\n'
            },
        ),
        passes(packages={"dnf": "4.7"}),
        unsure(packages={"dnf": "4.7", "dnf-automatic": "4.7"}),
    ),
)
