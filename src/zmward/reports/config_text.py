"""What the verbs of `zmward config` found, for people."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from zmward.configuration.authors import Candidate
from zmward.configuration.compare import Difference
from zmward.configuration.history import Changed, Told
from zmward.evidence import Evidence
from zmward.reports.config_json import DiffShown, LogShown, SnapshotShown
from zmward.reports.plain import plain, visible

_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
_SUBJECT: Final = 60
_LONGEST: Final = 160
_SHORT: Final = 12


def _place(one: Difference) -> str:
    return one.object or one.path


def _counted(found: Iterable[Difference]) -> str:
    """Return where most differs, as far as it fits a subject."""
    places = Counter(map(_place, found))
    text = ""
    for number, (place, count) in enumerate(sorted(places.items())):
        part = f"{', ' if text else ''}{plain(place, _SUBJECT)} ({count})"
        if len(text) + len(part) > _SUBJECT:
            return f"{text or plain(place, _SUBJECT)} and {len(places) - number} more"
        text += part
    return text


def message(found: tuple[Difference, ...], evidence: Evidence, *, first: bool) -> str:
    """Return the message of a commit: what changed, and of when it was seen."""
    subject = "first snapshot" if first else _counted(found) or "what could be asked"
    seen = ", ".join(plain(host, _LONGEST) for host in sorted(evidence.hosts))
    return f"{subject}\n\nSeen {evidence.when} on {seen}.\n"


def _values(one: Difference) -> Iterator[str]:
    for sign, values in (("-", one.removed), ("+", one.added)):
        for value in values:
            yield f"      {sign} {plain(value, _LONGEST)}"


def _one(one: Difference) -> Iterator[str]:
    yield f"  {_SIGNS[one.how]} {plain(one.name, _LONGEST)}"
    yield from _values(one)


def _object(place: str, found: Iterable[Difference]) -> Iterator[str]:
    for one in found:
        if not one.object:
            yield f"{_SIGNS[one.how]} {plain(place, _LONGEST)}"
            yield from (f"      {visible(line)}" for line in one.lines)
        elif not one.name:
            yield f"{_SIGNS[one.how]} {plain(place, _LONGEST)}: {one.how} whole"
        else:
            yield from _one(one)


def differences_text(found: Iterable[Difference]) -> Iterator[str]:
    """Yield the lines of differences, by object."""
    places: dict[str, list[Difference]] = {}
    for one in found:
        places.setdefault(_place(one), []).append(one)
    for place, some in places.items():
        if some[0].object and some[0].name:
            yield plain(place, _LONGEST)
        yield from _object(place, some)


def _stale(found: dict[str, str]) -> Iterator[str]:
    if found:
        yield "Could not be had; the history keeps what was known before:"
        for place, reason in sorted(found.items()):
            yield f"  ? {plain(place, _LONGEST)}: {plain(reason, _LONGEST)}"


def _uncompared(found: tuple[str, ...]) -> Iterator[str]:
    if found:
        yield (
            f"{len(found)} secrets are set, and whether they changed was not seen: "
            "only a live host makes fingerprints."
        )


def snapshot_text(found: SnapshotShown) -> str:
    """Return what a snapshot came to."""
    lines = list(differences_text(found.differences))
    if found.commit is None:
        lines.append(f"Nothing changed: no snapshot was added to {found.repository}.")
    else:
        short = found.commit[:_SHORT]
        lines.append(f"Snapshot {short} of {found.files} files in {found.repository}.")
    lines += [*_stale(found.stale), *_uncompared(found.uncompared)]
    return "".join(f"{line}\n" for line in lines)


def _who(one: Candidate) -> str:
    account = plain(one.account, _LONGEST) or "somebody without a name"
    place = one.peer or one.announced
    said = f" from {plain(place, _LONGEST)}" if place else ""
    if one.announced and one.announced != place:
        said += f" for {plain(one.announced, _LONGEST)}, as it says"
    return f"perhaps {account}{said}, {one.when}, {plain(one.command, _LONGEST)}"


def _changed(one: Changed) -> Iterator[str]:
    found = one.difference
    name = f" {plain(found.name, _LONGEST)}" if found.name else ""
    yield f"  {_SIGNS[found.how]} {plain(_place(found), _LONGEST)}{name}"
    for candidate in one.candidates:
        yield f"      {_who(candidate)}"
    if one.more:
        yield f"      and {one.more} more that fit"


def _told(one: Told) -> Iterator[str]:
    begin = f" after {one.since}" if one.since else ", the first"
    yield f"{one.commit[:_SHORT]} {one.when}{begin}"
    if one.since and not one.covered:
        yield "  the logs that were read do not reach back so far: there may be others"
    for change in one.changes:
        yield from _changed(change)


def log_text(found: LogShown) -> str:
    """Return the history with who may have changed what."""
    lines = [line for one in found.snapshots for line in _told(one)]
    lines += [f"? {plain(note, _LONGEST)}" for note in found.notes]
    if any(change.candidates for one in found.snapshots for change in one.changes):
        lines.append(
            "Names are those of audit.log's lines that fit in object, attribute and "
            "time: a hint, no proof."
        )
    return "".join(f"{line}\n" for line in lines)


def diff_text(found: DiffShown) -> str:
    """Return what differs between two snapshots."""
    was = f"{found.was[:_SHORT]} ({found.was_when})"
    now = f"{found.now[:_SHORT]} ({found.now_when})"
    lines = [f"From {was} to {now}:", *differences_text(found.differences)]
    if not found.differences:
        lines.append("Nothing differs.")
    lines += _stale(found.stale)
    return "".join(f"{line}\n" for line in lines)
