"""Zimbra sends no SNMP notices, or is new enough for them."""

from collections.abc import Iterator

from zmward.change import SetLocalConfig
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.version.zimbra_patches_newest_offered import KINDS
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.patches.installed import PARTS
from zmward.patches.named import builds, closed, named
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.packages import PACKAGES

_KEY = "snmp_notify"
_OFF = ("0", "no", "false", "")
_HOLE = "CVE-2026-73570"


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    packages = facts.read(PACKAGES, host)
    if "zimbra-snmp" not in packages:
        yield not_concerned(Layer.DECLARED, host, "zimbra-snmp is not installed")
        return
    value = facts.read(LOCALCONFIG, host).own.get(_KEY)
    if value is None:
        reason = f"{_KEY} is not in localconfig.xml, and its default is not known"
        yield unknown(Layer.DECLARED, host, reason)
        return
    if value.lower() in _OFF:
        seen = f"{_KEY} = {value}"
        yield sound(Layer.DECLARED, host, source="localconfig", seen=seen)
        return
    names = [name for name in KINDS if name in packages]
    # A part without its patch is as the installer left it.
    if any(p in packages and patch not in packages for p, patch, _ in PARTS.values()):
        names.append("zimbra-core")
    names = names or ["zimbra-core"]
    hole = named(facts, _HOLE)
    state = closed(hole, (packages.get(name, "") for name in names))
    version = ", ".join(f"{name} {packages.get(name, '')}" for name in names)
    if hole is None or state is None:
        reason = f"{_KEY} = {value}, {version}: whether it is new enough is not known"
        yield unknown(Layer.DECLARED, host, reason)
    elif state:
        seen = f"{_KEY} = {value}, {version}"
        yield sound(Layer.DECLARED, host, source="packages", seen=seen)
    else:
        yield deviates(
            Layer.DECLARED,
            host,
            f"{_KEY} = {value}, {version}",
            f"{_KEY} = 0, or Zimbra {builds(hole)} or newer",
            cure=SetLocalConfig(host, _KEY, value, "0"),
            source="localconfig",
        )


CONTROL = Control(
    id="snmp-notices-off-or-fixed",
    title="Zimbra sends no SNMP notices, or is new enough for them",
    why=(
        "Before 10.1.20 text of log lines reached a shell in the program that sends "
        "the notices: one SMTP greeting runs commands (CVE-2026-73570, in wide use)."
    ),
    impact="The monitoring gets no more SNMP notices about services that stop.",
    severity=Severity.CRITICAL,
    tips=("T01",),
    locks_out="a monitoring that lives on these SNMP notices",
    check=on_hosts(Layer.DECLARED, (LOCALCONFIG, PACKAGES), _look, cures=True),
    refs=("https://nvd.nist.gov/vuln/detail/CVE-2026-73570",),
    note="8.8.15, 9.0 and 10.0 got no fix; the installer switches the notices on.",
    examples=(
        passes(localconfig={"snmp_notify": "0"}, packages={"zimbra-snmp": "10.1.0"}),
        passes(
            localconfig={"snmp_notify": "yes"},
            packages={"zimbra-snmp": "1", "zimbra-patch": "10.1.21.1789981200-1"},
        ),
        fails(
            localconfig={"snmp_notify": "yes"},
            packages={"zimbra-snmp": "1", "zimbra-patch": "10.1.4.1731412800-1"},
        ),
        unsure(
            localconfig={"snmp_notify": "yes"},
            packages={
                "zimbra-snmp": "1",
                "zimbra-patch": "10.1.21.1789981200-1",
                "zimbra-mta-patch": "10.1.4.1731412800-1",
            },
        ),
        unsure(
            localconfig={"snmp_notify": "yes"},
            packages={
                "zimbra-snmp": "1",
                "zimbra-core": "10.1.0.GA.4655.UBUNTU22.64",
                "zimbra-store": "10.1.0",
                "zimbra-mta": "10.1.0",
                "zimbra-patch": "10.1.21.1789981200-1",
            },
        ),
        fails(
            localconfig={"snmp_notify": "yes"},
            packages={"zimbra-snmp": "1", "zimbra-patch": "10.0.18.1731412800-1"},
        ),
        unsure(
            localconfig={"snmp_notify": "yes"},
            packages={"zimbra-snmp": "1", "zimbra-patch": "11.0.0.1794000000-1"},
        ),
        unsure(localconfig={}, packages={"zimbra-snmp": "10.1.0"}),
        unconcerned(localconfig={}, packages={"zimbra-store": "10.1.0"}),
    ),
)
