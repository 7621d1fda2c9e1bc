"""How an advisory stands on a node: it applies, does not, is fixed, or is unknown.

Nothing but a fix that was read in the hole's own record makes it fixed. A line of
releases that the record does not name is unknown, not safe.
"""

from collections.abc import Iterable
from datetime import UTC, timedelta
from enum import StrEnum
from functools import reduce

import msgspec

from zmward.catalog.advisories import Advisory, Fix, Range
from zmward.catalog.releases import releases
from zmward.facts import Facts
from zmward.i18n import Said, as_is, fill, mark, spoken
from zmward.patches.installed import At, Installed
from zmward.patches.met import Met, met
from zmward.patches.version import Version, known, newest, read
from zmward.profile import Attestation


class Standing(StrEnum):
    """What is said of one hole, worst first."""

    APPLIES = "applies"
    UNKNOWN = "unknown"
    FIXED = "fixed"
    NOT_APPLICABLE = "not_applicable"


_ORDER = tuple(Standing)
CLOSED = (Standing.FIXED, Standing.NOT_APPLICABLE)
_NOTHING = Said("")
_ALWAYS = Met(holds=True, why=_NOTHING)
_NEVER = Met(holds=False, why=_NOTHING)
_FIXED = mark("fixed in {build}")


class OnNode(msgspec.Struct, frozen=True):
    """How one hole stands on one node, and why.

    `installed` is the level of the component that holds the hole, `fix` the build of
    this line that surely closes it; both are empty where unknown. `met` says whether
    the hole's condition holds, `undone` that a setting takes the installed fix back,
    `latest` that no newer build is known, `stated` that a person's word settles it.
    """

    node: str
    standing: Standing
    said: Said | str
    installed: str = ""
    fix: str = ""
    met: bool | None = True
    undone: bool = False
    latest: bool = False
    stated: bool = False

    @property
    def reason(self) -> str:
        """Return why, in English."""
        return spoken(self.said)


class Verdict(msgspec.Struct, frozen=True):
    """What one version says of a hole, whatever the conditions are."""

    standing: Standing
    said: Said

    @property
    def reason(self) -> str:
        """Return why, in English."""
        return self.said.by()


def worst(found: Iterable[Standing]) -> Standing:
    """Return the worst of some; without any it is not applicable."""
    return min(found, key=_ORDER.index, default=Standing.NOT_APPLICABLE)


def fix_for(advisory: Advisory, version: Version) -> Fix | None:
    """Return what the record says of the version's line, the narrowest first."""
    fixes = sorted(advisory.fixes, key=lambda fix: -len(fix.line.split(".")))
    return next((fix for fix in fixes if version.within(fix.line)), None)


def _holds(part: Range, version: Version) -> bool:
    """Say whether a range of builds holds a version."""
    return (
        (not part.line or version.within(part.line))
        and (not part.first or version >= known(part.first))
        and (not part.last or version <= known(part.last))
        and (not part.before or version < known(part.before))
    )


def _named(advisory: Advisory, version: Version) -> bool:
    return any(_holds(part, version) for part in advisory.affected)


def _ends(advisory: Advisory) -> bool:
    """Say whether the record itself names the build before which the hole ends."""
    read = advisory.confidence == "A" and bool(advisory.affected)
    return read and all(part.before for part in advisory.affected)


def _fixed_before(advisory: Advisory, line: str) -> bool:
    """Say whether a hole was known, with its end that was read, before a line began."""
    begun = next((one.begun for one in releases().lines if one.line == line), None)
    published = advisory.published
    told = _ends(advisory) or (advisory.proven and not advisory.inferred)
    if begun is None or published is None or not told:
        return False
    return published <= begun - timedelta(days=1)


def verdict(advisory: Advisory, version: Version) -> Verdict:
    """Say what an installed version alone means for a hole."""
    if any(version.within(line) for line in advisory.unfixed):
        form = mark("{line} gets no fix for it")
        return Verdict(Standing.APPLIES, fill(form, line=version.line))
    if any(version.within(line) for line in advisory.without):
        form = mark("{line} began without it, as its source shows")
        return Verdict(Standing.NOT_APPLICABLE, fill(form, line=version.line))
    fix = fix_for(advisory, version)
    if fix is not None:
        return _compared(advisory, fix, version)
    if advisory.fixes and not _named(advisory, version):
        if advisory.affected and _fixed_before(advisory, version.line):
            form = mark("it was fixed before {line} began")
            return Verdict(Standing.NOT_APPLICABLE, fill(form, line=version.line))
        form = mark("its record does not speak of {line}")
    elif advisory.fixes:
        form = mark("its record names {line} as affected and no fix for it")
    else:
        form = mark("no record names a build that fixes it")
    return Verdict(Standing.UNKNOWN, fill(form, line=version.line))


def _still_open(fix: Fix, version: Version) -> Verdict:
    if version <= known(fix.still_open):
        still = mark("{build} is still open")
        return Verdict(Standing.APPLIES, fill(still, build=fix.still_open))
    form = mark("open up to {build}; which build fixes it is not known")
    return Verdict(Standing.UNKNOWN, fill(form, build=fix.still_open))


def _compared(advisory: Advisory, fix: Fix, version: Version) -> Verdict:
    """Compare a version with the fix of its own line."""
    if not fix.surely:
        return _still_open(fix, version)
    surely = known(fix.surely)
    if not advisory.proven:
        form = mark("a fix in {build} was not read in its record")
        return Verdict(Standing.UNKNOWN, fill(form, build=str(surely)))
    if version < known(fix.since or fix.surely):
        return Verdict(Standing.APPLIES, fill(_FIXED, build=str(surely)))
    if version < surely:
        form = mark("fixed in {first} or {build}")
        first = str(known(fix.since))
        return Verdict(Standing.UNKNOWN, fill(form, first=first, build=str(surely)))
    if advisory.inferred:
        form = mark("a fix in {build} was only concluded from the affected builds")
        return Verdict(Standing.UNKNOWN, fill(form, build=str(surely)))
    return Verdict(Standing.FIXED, fill(_FIXED, build=str(surely)))


def _over(advisory: Advisory, at: At) -> Verdict:
    """Say what all versions that a component may have mean together."""
    if not at.versions:
        unseen = Said(mark("the installed version is not known"))
        return Verdict(Standing.UNKNOWN, at.doubt or unseen)
    found = [verdict(advisory, version) for version in at.versions]
    if len({one.standing for one in found}) == 1:
        return _despite(advisory, at, found[-1])
    form = mark("{versions} is installed: {doubt}")
    several = fill(form, versions=_either(at.versions), doubt=at.doubt or _NOTHING)
    return Verdict(Standing.UNKNOWN, several)


def _either(versions: Iterable[Version]) -> Said:
    """Return versions of which one is installed."""
    texts = map(as_is, map(str, versions))
    form = mark("{one} or {other}")
    return reduce(lambda one, other: fill(form, one=one, other=other), texts)


def _despite(advisory: Advisory, at: At, found: Verdict) -> Verdict:
    """Doubt that a hole is closed where the level that zmcontrol shows has it."""
    if at.rival is None or found.standing not in CLOSED:
        return found
    if verdict(advisory, at.rival).standing in CLOSED:
        return found
    form = mark("{reason}, but {against}")
    but = fill(form, reason=found.said, against=at.against or _NOTHING)
    return Verdict(Standing.UNKNOWN, but)


def _fix_text(advisory: Advisory, at: At) -> str:
    """Return the build that surely closes the hole in the newest version's line."""
    if not at.versions or not advisory.proven or advisory.inferred:
        return ""
    fix = fix_for(advisory, at.versions[-1])
    return str(known(fix.surely)) if fix and fix.surely else ""


def _with(found: Verdict, condition: Met, undone: Met) -> Verdict:
    """Join what the version says with what the conditions say."""
    if condition.holds is False:
        return Verdict(Standing.NOT_APPLICABLE, condition.why)
    if found.standing is Standing.APPLIES and condition.holds is None:
        form = mark("{reason}; whether it matters here is not known: {why}")
        maybe = fill(form, reason=found.said, why=condition.why)
        return Verdict(Standing.UNKNOWN, maybe)
    if found.standing is Standing.FIXED and undone.holds is not False:
        if undone.holds:
            back = fill(mark("the fix is taken back: {why}"), why=undone.why)
            return Verdict(Standing.APPLIES, back)
        form = mark("{reason}, unless it is taken back: {why}")
        unless = fill(form, reason=found.said, why=undone.why)
        return Verdict(Standing.UNKNOWN, unless)
    return found


def subject(advisory: Advisory) -> str:
    """Return the subject under which a person states that a hole is closed here."""
    return f"hole-{advisory.id}"


def _words(advisory: Advisory, facts: Facts) -> tuple[Attestation, ...]:
    today = facts.now.astimezone(UTC).date()
    return facts.profile.words(subject(advisory), today)


def _covers(word: Attestation, version: Version) -> bool:
    """Say whether a word is of this build: it names it, or an older of its line."""
    build = read(word.build)
    if not isinstance(build, Version) or build.line != version.line:
        return False
    return version >= build


def _unheard(advisory: Advisory, facts: Facts) -> Said | None:
    """Return why a person's word of a hole that is not known settles nothing."""
    found = _words(advisory, facts)
    builds = ", ".join(dict.fromkeys(one.build for one in found if one.build))
    if not found:
        return None
    if builds:
        form = mark("what {by} states is of {builds} and newer")
        return fill(form, by=found[0].by, builds=builds)
    return fill(mark("what {by} states names no build"), by=found[0].by)


def _stated(advisory: Advisory, said: Verdict, at: At, facts: Facts) -> Verdict | None:
    """Return what a person states of what no record settles; evidence comes first."""
    if said.standing is not Standing.UNKNOWN or len(at.versions) != 1 or at.rival:
        return None
    found = _words(advisory, facts)
    word = next((one for one in found if _covers(one, at.versions[0])), None)
    if word is None:
        return None
    form = mark("{by} states until {until} that it is closed here")
    text = fill(form, by=word.by, until=str(word.until))
    noted = fill("{text}: {note}", text=text, note=word.note)
    return Verdict(Standing.NOT_APPLICABLE, noted if word.note else text)


def _latest(advisory: Advisory, at: At) -> bool:
    """Say whether a component is at the newest known build of a line that gets any.

    A newer catalog may name a build that this zmward does not know.
    """
    if len(at.versions) != 1 or at.rival:
        return False
    version = at.versions[0]
    fix = fix_for(advisory, version)
    if fix and fix.surely and version < known(fix.surely):
        return False
    last = newest(version.line)
    lives = any(one.supported for one in releases().lines if one.line == version.line)
    return lives and last is not None and version >= last


def on_node(advisory: Advisory, found: Installed, facts: Facts) -> OnNode | None:
    """Judge a hole on a node; None where the node does not have its component."""
    at = found.part(advisory.component)
    if at is None:
        return None
    node = found.node
    condition = _ALWAYS
    if advisory.condition is not None:
        condition = met(advisory.condition, facts, node)
    undone = _NEVER
    if advisory.undone_by is not None:
        undone = met(advisory.undone_by, facts, node)
    found_by_version = _over(advisory, at)
    judged = _with(found_by_version, condition, undone)
    latest = _latest(advisory, at)
    # Where a newer build closes what this build has, a word is no patch.
    patchable = found_by_version.standing is Standing.APPLIES and not latest
    stated = None if patchable else _stated(advisory, judged, at, facts)
    said = stated or judged
    unknown = said.standing is Standing.UNKNOWN
    unheard = _unheard(advisory, facts) if unknown else None
    fixed = found_by_version.standing is Standing.FIXED
    return OnNode(
        node,
        said.standing,
        fill("{texts}", texts=(said.said, unheard)) if unheard else said.said,
        installed=" or ".join(map(str, at.versions)),
        fix=_fix_text(advisory, at),
        met=condition.holds,
        undone=fixed and said.standing is Standing.APPLIES,
        latest=latest,
        stated=stated is not None,
    )
