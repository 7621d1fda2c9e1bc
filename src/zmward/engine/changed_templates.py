"""Templates and skins that differ from their packages, as the package manager tells.

It keeps checksums and no copies, so it says which file differs and never how; so does
the baseline of `zmward integrity`. Snapshots of the configuration may tell how.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from zmward.configuration.overwritten import (
    Record,
    afterwards,
    customised,
    of_templates,
    rewritten,
)
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
_ASK: Final = mark("find out whose change it is: an upgrade may write them")
_SNAPSHOT: Final = mark("zmward config snapshot, before an upgrade and after it")
_MARKED: Final = ("zimbra-core", "zimbra-store", "zimbra-mta", "zimbra-proxy")


class Known(msgspec.Struct, frozen=True):
    """What the history of the configuration tells.

    `told` says how one path changed, or None; `changed` are the templates that differ
    between the two snapshots that it looks at, and `span` says which two those are.
    """

    told: Callable[[str], Said | None] = lambda _: None
    changed: tuple[str, ...] = ()
    span: str = ""


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


def how(paths: Iterable[str], known: Known, state: str) -> Iterator[Ready]:
    """Yield what the history of the configuration tells of the first of some paths."""
    for path in tuple(dict.fromkeys(paths))[:_SHOWN]:
        told = known.told(path)
        if told is not None:
            yield Ready(TEMPLATES[0], state, told, _KEPT)


def listed(paths: Iterable[str]) -> tuple[Said, ...]:
    """Return the first of some paths, and how many more there are."""
    rows = tuple(paths)
    rest = len(rows) - _SHOWN
    more = (fill(mark("and {count} more"), count=rest),) if rest > 0 else ()
    return (*map(Said, rows[:_SHOWN]), *more)


def _asked(door: Door, facts: Facts) -> tuple[str, ...] | None:
    """Return what differs from its package; None where nobody compares."""
    host = facts.evidence.hosts[0]
    names = [name for name in facts.read(PACKAGES, host) if name.startswith("zimbra")]
    answer = _answer(door, names) if names else None
    if answer is None:
        return None
    lines = (_LINE.fullmatch(line) for line in answer.splitlines())
    found = [match[2] for match in lines if match and match[1][2:3] in _CHANGED]
    return tuple(path for path in found if _WHAT.fullmatch(path))


def _of_packages(changed: tuple[str, ...]) -> Ready:
    if not changed:
        well = mark("no template differs from its package")
        return Ready(TEMPLATES[0], "well", well)
    text = fill(
        mark(
            "differ from their packages: {paths}; no copy of the packages' text is "
            "on the host, so how they differ is not known"
        ),
        paths=listed(changed),
    )
    step = mark("keep a copy: the upgrade writes them")
    return Ready(TEMPLATES[0], "bad", text, step)


def _of_history(known: Known) -> Iterator[Ready]:
    """Yield what snapshots alone tell: a change, and not whose it was."""
    if known.changed:
        form = mark(
            "changed {span}, by an upgrade or by hand: {paths}; the package manager "
            "did not say which"
        )
        text = fill(form, span=known.span, paths=listed(known.changed))
        yield Ready(TEMPLATES[0], "unknown", text, _ASK)
        yield from how(known.changed, known, "unknown")


def templates(
    door: Door, facts: Facts, known: Known | None = None, record: Record | None = None
) -> Iterator[Ready]:
    """Yield which templates an upgrade will overwrite; what cannot be asked is so.

    `known` is what the history of the configuration tells, `record` what the baseline.
    """
    subject, step = TEMPLATES
    known, record = known or Known(), record or Record(why="-")
    reason: Said | str = mark("the package manager did not compare its files")
    changed = None
    try:
        changed = _asked(door, facts)
    except ZmwardError as error:
        reason = str(error)
    except Unseen as signal:
        reason = signal.missing.reason
    if changed is None:
        yield Ready(subject, "unknown", reason, step)
    else:
        yield _of_packages(changed)
    yield from of_templates(record)
    yield from how((*(changed or ()), *customised(record)), known, "bad")
    if changed is None and record.why:
        yield from _of_history(known)


def after(record: Record, known: Known) -> Iterator[Ready]:
    """Yield what an upgrade did to templates and to generated files.

    Both were made before it: the baseline, and the first snapshot of `known`.
    """
    yield from afterwards(record)
    yield from how((*rewritten(record), *known.changed), known, "unknown")
    if not record.why or known.changed:
        return
    if known.span:
        text = fill(mark("no template differs, {span}"), span=known.span)
        yield Ready(TEMPLATES[0], "well", text)
    else:
        nothing = mark("no snapshots of the configuration from before and after it")
        yield Ready(TEMPLATES[0], "unknown", nothing, _SNAPSHOT)
