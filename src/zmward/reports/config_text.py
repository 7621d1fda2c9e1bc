"""What the verbs of `zmward config` found, for people."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from zmward.configuration.compare import Difference
from zmward.evidence import Evidence
from zmward.reports.config_json import DiffShown, SnapshotShown
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


def diff_text(found: DiffShown) -> str:
    """Return what differs between two snapshots."""
    was = f"{found.was[:_SHORT]} ({found.was_when})"
    now = f"{found.now[:_SHORT]} ({found.now_when})"
    lines = [f"From {was} to {now}:", *differences_text(found.differences)]
    if not found.differences:
        lines.append("Nothing differs.")
    lines += _stale(found.stale)
    return "".join(f"{line}\n" for line in lines)
