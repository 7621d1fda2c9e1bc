"""How an advisory stands on a node: it applies, does not, is fixed, or is unknown.

Nothing but a fix that was read in the hole's own record makes it fixed. A line of
releases that the record does not name is unknown, not safe.
"""

from collections.abc import Iterable
from datetime import UTC, timedelta
from enum import StrEnum

import msgspec

from zmward.catalog.advisories import Advisory, Fix, Range
from zmward.catalog.releases import releases
from zmward.facts import Facts
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
_ALWAYS = Met(holds=True, why="")


class OnNode(msgspec.Struct, frozen=True):
    """How one hole stands on one node, and why.

    `installed` is the level of the component that holds the hole, `fix` the build of
    this line that surely closes it; both are empty where unknown. `met` says whether
    the hole's condition holds, `undone` that a setting takes the installed fix back,
    `latest` that no newer build is known, `stated` that a person's word settles it.
    """

    node: str
    standing: Standing
    reason: str
    installed: str = ""
    fix: str = ""
    met: bool | None = True
    undone: bool = False
    latest: bool = False
    stated: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """What one version says of a hole, whatever the conditions are."""

    standing: Standing
    reason: str


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
        return Verdict(Standing.APPLIES, f"{version.line} gets no fix for it")
    if any(version.within(line) for line in advisory.without):
        reason = f"{version.line} began without it, as its source shows"
        return Verdict(Standing.NOT_APPLICABLE, reason)
    fix = fix_for(advisory, version)
    if fix is not None:
        return _compared(advisory, fix, version)
    if advisory.fixes and not _named(advisory, version):
        if advisory.affected and _fixed_before(advisory, version.line):
            reason = f"it was fixed before {version.line} began"
            return Verdict(Standing.NOT_APPLICABLE, reason)
        reason = f"its record does not speak of {version.line}"
    elif advisory.fixes:
        reason = f"its record names {version.line} as affected and no fix for it"
    else:
        reason = "no record names a build that fixes it"
    return Verdict(Standing.UNKNOWN, reason)


def _still_open(fix: Fix, version: Version) -> Verdict:
    if version <= known(fix.still_open):
        return Verdict(Standing.APPLIES, f"{fix.still_open} is still open")
    reason = f"open up to {fix.still_open}; which build fixes it is not known"
    return Verdict(Standing.UNKNOWN, reason)


def _compared(advisory: Advisory, fix: Fix, version: Version) -> Verdict:
    """Compare a version with the fix of its own line."""
    if not fix.surely:
        return _still_open(fix, version)
    surely = known(fix.surely)
    if not advisory.proven:
        reason = f"a fix in {surely} was not read in its record"
        return Verdict(Standing.UNKNOWN, reason)
    if version < known(fix.since or fix.surely):
        return Verdict(Standing.APPLIES, f"fixed in {surely}")
    if version < surely:
        reason = f"fixed in {known(fix.since)} or {surely}"
        return Verdict(Standing.UNKNOWN, reason)
    if advisory.inferred:
        reason = f"a fix in {surely} was only concluded from the affected builds"
        return Verdict(Standing.UNKNOWN, reason)
    return Verdict(Standing.FIXED, f"fixed in {surely}")


def _over(advisory: Advisory, at: At) -> Verdict:
    """Say what all versions that a component may have mean together."""
    if not at.versions:
        reason = at.doubt or "the installed version is not known"
        return Verdict(Standing.UNKNOWN, reason)
    found = [verdict(advisory, version) for version in at.versions]
    if len({one.standing for one in found}) == 1:
        return _despite(advisory, at, found[-1])
    versions = " or ".join(map(str, at.versions))
    return Verdict(Standing.UNKNOWN, f"{versions} is installed: {at.doubt}")


def _despite(advisory: Advisory, at: At, found: Verdict) -> Verdict:
    """Doubt that a hole is closed where the level that zmcontrol shows has it."""
    if at.rival is None or found.standing not in CLOSED:
        return found
    if verdict(advisory, at.rival).standing in CLOSED:
        return found
    return Verdict(Standing.UNKNOWN, f"{found.reason}, but {at.against}")


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
        reason = f"{found.reason}; whether it matters here is not known"
        return Verdict(Standing.UNKNOWN, f"{reason}: {condition.why}")
    if found.standing is Standing.FIXED and undone.holds is not False:
        if undone.holds:
            return Verdict(Standing.APPLIES, f"the fix is taken back: {undone.why}")
        reason = f"{found.reason}, unless it is taken back: {undone.why}"
        return Verdict(Standing.UNKNOWN, reason)
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


def _unheard(advisory: Advisory, facts: Facts) -> str:
    """Return why a person's word of a hole that is not known settles nothing."""
    found = _words(advisory, facts)
    builds = ", ".join(dict.fromkeys(one.build for one in found if one.build))
    if not found:
        return ""
    if builds:
        return f"; what {found[0].by} states is of {builds} and newer"
    return f"; what {found[0].by} states names no build"


def _stated(advisory: Advisory, said: Verdict, at: At, facts: Facts) -> Verdict | None:
    """Return what a person states of what no record settles; evidence comes first."""
    if said.standing is not Standing.UNKNOWN or len(at.versions) != 1 or at.rival:
        return None
    found = _words(advisory, facts)
    word = next((one for one in found if _covers(one, at.versions[0])), None)
    if word is None:
        return None
    text = f"{word.by} states until {word.until} that it is closed here"
    reason = f"{text}: {word.note}" if word.note else text
    return Verdict(Standing.NOT_APPLICABLE, reason)


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
    undone = Met(holds=False, why="")
    if advisory.undone_by is not None:
        undone = met(advisory.undone_by, facts, node)
    found_by_version = _over(advisory, at)
    judged = _with(found_by_version, condition, undone)
    latest = _latest(advisory, at)
    # Where a newer build closes what this build has, a word is no patch.
    patchable = found_by_version.standing is Standing.APPLIES and not latest
    stated = None if patchable else _stated(advisory, judged, at, facts)
    said = stated or judged
    unheard = ""
    if said.standing is Standing.UNKNOWN:
        unheard = _unheard(advisory, facts)
    fixed = found_by_version.standing is Standing.FIXED
    return OnNode(
        node,
        said.standing,
        f"{said.reason}{unheard}",
        installed=" or ".join(map(str, at.versions)),
        fix=_fix_text(advisory, at),
        met=condition.holds,
        undone=fixed and said.standing is Standing.APPLIES,
        latest=latest,
        stated=stated is not None,
    )
