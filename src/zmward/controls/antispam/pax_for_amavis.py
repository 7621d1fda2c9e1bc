"""Amavis finds pax to open cpio and tar archives."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.antispam._filters import PAX_SOURCES, on_filters, pax
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.amavis import PAX
from zmward.sources.osrelease import OsRelease

_NO_CURE = (
    "Install the package pax (spax on EL8 and newer), then zmamavisdctl restart; if it "
    "is installed already, find out why Amavis does not see it."
)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(PAX, host)
    if found:
        yield sound(Layer.RUNNING, host, source="amavis-pax", seen=" ".join(found))
    else:
        cure = pax(facts, host)
        yield deviates(
            Layer.RUNNING,
            host,
            "no executable pax on amavisd's path",
            "pax",
            cure=cure,
            no_cure="" if cure else _NO_CURE,
        )


CONTROL = Control(
    id="pax-for-amavis",
    title="Amavis finds pax to open cpio and tar archives",
    why=(
        "Older builds fell back to cpio, by which one mail writes any file "
        "(CVE-2022-41352); newer ones do not open such archives at all, and malware in"
        " them passes."
    ),
    impact="Amavis restarts after the installation, for seconds.",
    severity=Severity.HIGH,
    tips=("T02",),
    roles=("mta",),
    check=on_filters(Layer.RUNNING, (PAX, *PAX_SOURCES), _look, cures=True),
    refs=("https://nvd.nist.gov/vuln/detail/CVE-2022-41352",),
    note=(
        "The package is pax on Debian, Ubuntu and EL7, spax on EL8 and newer, which "
        "registers the name pax. A program outside Amavis's own path does not count. "
        "Only amavisd needs the restart (zmamavisdctl restart), not all of Zimbra. The"
        " published guide's `apt installa` is a translated `apt install`."
    ),
    examples=(
        unconcerned(services=("mta",)),
        passes(amavis_pax=("/usr/bin/pax",)),
        fails(amavis_pax=()),
        fails(
            amavis_pax=(),
            os_release=OsRelease("ubuntu", "22.04", like=("debian",)),
            packages={"zimbra-mta": "10.1.0"},
        ),
        fails(
            amavis_pax=(),
            os_release=OsRelease("rocky", "9.4", like=("rhel", "centos")),
            packages={"zimbra-mta": "10.1.0"},
        ),
        fails(
            amavis_pax=(),
            os_release=OsRelease("ubuntu", "22.04", like=("debian",)),
            packages={"pax": "20201030"},
        ),
        unsure(missing=("amavis-pax",)),
    ),
)
