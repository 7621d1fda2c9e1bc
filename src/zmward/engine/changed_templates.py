"""Templates and skins that differ from their packages, as the package manager tells.

It keeps checksums and no copies, so it says which file differs and never how. Snapshots
of the configuration may tell how it changed since the first of them.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from zmward.doors.host import Door
from zmward.errors import ZmwardError
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.i18n import Said, fill, mark
from zmward.patches.readiness import TEMPLATES, Ready
from zmward.sources.packages import PACKAGES

# Marks of what differs, perhaps a letter for a file of settings, and the path.
_LINE: Final = re.compile(r"(missing|[A-Z.?5]{8,9}) +(?:[a-z] +)?(/.*)")
_WHAT: Final = re.compile(r"/opt/zimbra/(?:conf|.*/(?:skins|etc|templates))/.*")
# The third mark is a 5 for another checksum; of `missing` it is an s.
_CHANGED: Final = ("5", "s")
_SHOWN: Final = 8
_SECONDS: Final = 300
_KEPT: Final = mark("zmward config diff shows all; put your lines back afterwards")
Known = Callable[[str], Said | None]
_MARKED: Final = ("zimbra-core", "zimbra-store", "zimbra-mta", "zimbra-proxy")


def _summed(door: Door, name: str) -> bool:
    """Say whether dpkg has a package's checksums; without them it finds nothing."""
    done = door.run(("dpkg-query", "--control-list", name))
    return done.code == 0 and b"md5sums" in done.out.split()


def _answer(door: Door, names: list[str]) -> str | None:
    """Return what the host's package manager says; None where it cannot compare."""
    marked = [name for name in names if name in _MARKED]
    argv: tuple[str, ...] = ("rpm", "--verify", *names)
    if door.run(("dpkg-query", "--version")).code == 0:
        if not marked or not all(_summed(door, name) for name in marked):
            return None
        argv = ("dpkg", "--verify", *names)
    done = door.run(argv, seconds=_SECONDS)
    # Both exit with 1 where something differs.
    if done.code not in (0, 1) or (done.error and not done.out):
        return None
    return done.out.decode("utf-8", "replace")


def _how(changed: list[str], known: Known) -> Iterator[Ready]:
    """Yield what the history of the configuration tells of the first of them."""
    for path in changed[:_SHOWN]:
        told = known(path)
        if told is not None:
            yield Ready(TEMPLATES[0], "bad", told, _KEPT)


def _more(rest: int) -> tuple[Said, ...]:
    return (fill(mark("and {count} more"), count=rest),) if rest > 0 else ()


def _asked(door: Door, facts: Facts, known: Known) -> Iterator[Ready]:
    subject, step = TEMPLATES
    host = facts.evidence.hosts[0]
    names = [name for name in facts.read(PACKAGES, host) if name.startswith("zimbra")]
    answer = _answer(door, names) if names else None
    if answer is None:
        reason = mark("the package manager did not compare its files")
        yield Ready(subject, "unknown", reason, step)
        return
    lines = (_LINE.fullmatch(line) for line in answer.splitlines())
    found = [match[2] for match in lines if match and match[1][2:3] in _CHANGED]
    changed = [path for path in found if _WHAT.fullmatch(path)]
    if changed:
        text = fill(
            mark(
                "differ from their packages: {paths}; no copy of the packages' text is "
                "on the host, so how they differ is not known"
            ),
            paths=(*map(Said, changed[:_SHOWN]), *_more(len(changed) - _SHOWN)),
        )
        yield Ready(subject, "bad", text, mark("keep a copy: the upgrade writes them"))
        yield from _how(changed, known)
    else:
        yield Ready(subject, "well", mark("no template differs from its package"))


def templates(
    door: Door, facts: Facts, known: Known = lambda _: None
) -> Iterator[Ready]:
    """Yield which templates an upgrade will overwrite; what cannot be asked is so.

    `known` says of a path what the history of the configuration tells of it.
    """
    subject, step = TEMPLATES
    try:
        yield from tuple(_asked(door, facts, known))
    except ZmwardError as error:
        yield Ready(subject, "unknown", str(error), step)
    except Unseen as signal:
        yield Ready(subject, "unknown", signal.missing.reason, step)
