"""Zimbra was built for the operating system on which it runs."""

import re
from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.osrelease import OS_RELEASE
from zmward.sources.packages import PACKAGES

_TAG = re.compile(r"(UBUNTU|RHEL|DEBIAN|SLES)(\d+)[._]64")
_FAMILIES = {
    "UBUNTU": ("ubuntu",),
    "DEBIAN": ("debian",),
    "RHEL": ("rhel", "centos", "rocky", "almalinux", "ol", "scientific"),
    "SLES": ("sles",),
}


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    match = _TAG.search(facts.read(PACKAGES, host).get("zimbra-core", ""))
    if match is None:
        reason = "the package zimbra-core does not say its platform"
        yield unknown(Layer.RUNNING, host, reason)
        return
    system = facts.read(OS_RELEASE, host)
    major = system.version.partition(".")[0]
    text = f"built for {match[0]}, runs on {system.id} {system.version}"
    if system.id in _FAMILIES[match[1]] and major == match[2]:
        yield sound(Layer.RUNNING, host, source="packages", seen=text)
    else:
        yield deviates(
            Layer.RUNNING,
            host,
            text,
            "the same system",
            no_cure="Run the installer of the same release for this system, in a "
            "window and with a backup.",
            source="packages",
        )


_CORE = {"zimbra-core": "10.1.0.GA.4655.UBUNTU22.64"}

CONTROL = Control(
    id="zimbra-platform-matches-system",
    title="Zimbra was built for the operating system that it runs on",
    why=(
        "After an upgrade of the system below it, Zimbra keeps libraries of the old "
        "one, and its repository for the new system is not used."
    ),
    impact="A new installation of the packages.",
    severity=Severity.MEDIUM,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (PACKAGES, OS_RELEASE), _look),
    refs=(),
    note="Rebuilds of Red Hat's system carry the tag RHEL.",
    examples=(
        passes(packages=_CORE, raw={"os-release": 'ID=ubuntu\nVERSION_ID="22.04"\n'}),
        passes(
            packages={"zimbra-core": "10.0.0_GA_4518.RHEL8_64-20230301065624"},
            raw={"os-release": 'ID="rocky"\nVERSION_ID="8.10"\n'},
        ),
        fails(packages=_CORE, raw={"os-release": 'ID=ubuntu\nVERSION_ID="24.04"\n'}),
        unsure(packages=_CORE, missing=("os-release",)),
        unsure(packages={"zimbra-core": "1"}, missing=("os-release",)),
    ),
)
