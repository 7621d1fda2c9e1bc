"""What to do about a hole whose fix nobody states, and which lines get none."""

from zmward.catalog.advisories import Advisory
from zmward.catalog.releases import releases
from zmward.i18n import Said, fill, mark
from zmward.patches.standing import OnNode, Standing, subject
from zmward.patches.version import newest


def living() -> str:
    """Return the newest line that the vendor still gives fixes."""
    return next(one.line for one in releases().lines if one.supported)


def dead(line: str) -> bool:
    """Say whether a line is older than all that still get fixes."""
    return numbers(line) < numbers(living())


def numbers(line: str) -> tuple[int, ...]:
    """Return a line of releases, such as 10.1, as numbers that can be compared."""
    return tuple(int(part) for part in line.split("."))


def _in_profile(build: str) -> str:
    """Return a build as profiles write it: `8.8.15_P46`."""
    return build.replace(" ", "_")


def _asking(advisory: Advisory, found: OnNode, line: str) -> Said:
    """Return whom to ask, and what to state then."""
    build, hole = found.installed or line, subject(advisory)
    if not found.installed or " or " in found.installed:
        form = mark(
            "Ask the vendor whether {build} closes it, then attest {hole} in the "
            "profile."
        )
        return fill(form, build=build, hole=hole)
    form = mark(
        "Ask the vendor whether {build} closes it, then attest {hole} with build = "
        '"{written}" in the profile.'
    )
    return fill(form, build=build, hole=hole, written=_in_profile(build))


def advice(advisory: Advisory, found: OnNode, line: str) -> Said | str:
    """Return what to do about a hole whose fix in this line nobody states."""
    if found.standing is not Standing.UNKNOWN:
        return ""
    if not found.installed:
        form = mark("Find out which build {node} has: {reason}.")
        said = found.said
        return fill(form, node=found.node, reason=said)
    last = newest(line)
    if last is None and not dead(line):
        form = mark(
            "{line} is not known here: take a newer zmward, or a signed catalog."
        )
        return fill(form, line=line)
    first: Said | str = ""
    if last is not None and not found.latest and found.installed != str(last):
        form = mark("Move to {build}, the last build of {line}.")
        first = fill(form, build=str(last), line=line)
    elif not dead(line):
        return _asking(advisory, found, line)
    if not dead(line):
        return first
    form = mark("{line} gets no more fixes: plan the move to {living}.")
    over = fill(form, line=line, living=living())
    return fill("{first} {over}", first=first, over=over) if first else over
