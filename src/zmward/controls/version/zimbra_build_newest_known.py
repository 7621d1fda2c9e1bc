"""Zimbra is at the newest build of its line that is known."""

from collections.abc import Iterator

from zmward.catalog.releases import releases
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.i18n import Said
from zmward.patches.installed import At, installed
from zmward.patches.version import Version, known, newest
from zmward.sources.directory import SERVERS
from zmward.sources.history import HISTORY
from zmward.sources.packages import PACKAGES
from zmward.sources.zmcontrol import ZMCONTROL


def _part(facts: Facts, host: str) -> At | None:
    """Return the component whose patches carry the number of the release."""
    found = installed(facts, host)
    if found is None or not found.parts:
        return None
    return found.part("store") or found.parts[0]


def _newest(facts: Facts, line: str) -> Version | None:
    """Return the newest build of a line; a signed catalog may name a newer one."""
    rows = facts.catalog.advisories.rows
    fixes = (known(fix.surely) for row in rows for fix in row.fixes if fix.surely)
    named = [one for one in fixes if one.line == line]
    last = newest(line)
    return last and max(last, *named) if named else last


def _said(text: Said | None) -> str:
    return text.by() if text else ""


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    facts.read(PACKAGES, host)
    part = _part(facts, host)
    if part is None:
        yield not_concerned(Layer.RUNNING, host, "no component of Zimbra is installed")
        return
    if not part.versions:
        yield unknown(
            Layer.RUNNING, host, _said(part.doubt) or "its version is not known"
        )
        return
    line = part.versions[-1].line
    last = _newest(facts, line)
    seen = f"{part.component} {' or '.join(map(str, part.versions))}"
    if last is None:
        yield unknown(Layer.RUNNING, host, f"{seen}: no build of {line} is known")
    elif part.versions[-1] < last:
        day = max(releases().generated, facts.catalog.advisories.generated)
        yield deviates(
            Layer.RUNNING,
            host,
            seen,
            f"{last}, the newest build of {line} known on {day}",
            no_cure="Install the patches in a window, with a backup before; "
            "`zmward patches` says what they close.",
            source="packages",
        )
    elif part.versions[0] < last or part.rival:
        reason = f"{seen}: {_said(part.doubt or part.against)}"
        yield unknown(Layer.RUNNING, host, reason)
    else:
        yield sound(Layer.RUNNING, host, source="packages", seen=seen)


def _installed(patch: str, core: str = "10.1.0.GA.4655.UBUNTU22.64") -> dict[str, str]:
    return {"zimbra-core": core, "zimbra-store": core, "zimbra-patch": patch}


_SHOWN = "Release 10.1"
_TOLD = "1: INSTALL SESSION START\n2: INSTALL SESSION COMPLETE\n3: CONFIGURED patch "

CONTROL = Control(
    id="zimbra-build-newest-known",
    title="Zimbra is at the newest build of its line that is known",
    why=(
        "Fixes ship inside feature patches, often weeks before the hole has a name, "
        "so an older build has holes that no list shows yet."
    ),
    impact="Patches restart services and may rewrite templates.",
    severity=Severity.HIGH,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, (PACKAGES, HISTORY, ZMCONTROL, SERVERS), _look),
    refs=("https://wiki.zimbra.com/wiki/Zimbra_Releases",),
    note=(
        "It compares with the builds that this zmward knows, so a newer one may be "
        "out; the newest build of an old line can be the last one for ever."
    ),
    examples=(
        passes(packages=_installed("10.1.21.1789981200-1")),
        passes(packages=_installed("10.1.22.1794000000-1")),
        fails(packages=_installed("10.1.9.1794000000-1")),
        fails(packages=_installed("8.8.15.1731369600.p46-1", "8.8.15.GA.3869")),
        fails(
            services=("mta",),
            packages={"zimbra-core": "10.1.0.GA.4655", "zimbra-mta": "10.1.0"},
        ),
        unsure(packages=_installed("11.0.0.1794000000-1")),
        unsure(packages=_installed("10.1.SNAPSHOT-1")),
        unsure(
            packages=_installed("10.1.16.1773100000-1"),
            raw={"install-history": f"{_TOLD}10.1.21.1789900000\n"},
        ),
        passes(
            packages=_installed("10.1.21.1789981200-1"),
            raw={"zmcontrol-release": f"{_SHOWN}.21.GA.4655.UBUNTU22_64 FOSS edition."},
        ),
        unsure(
            packages=_installed("10.1.21.1789981200-1"),
            raw={"zmcontrol-release": f"{_SHOWN}.9.GA.4655.UBUNTU22_64 FOSS edition."},
        ),
        unsure(missing=("packages",)),
    ),
)
