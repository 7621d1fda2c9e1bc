"""Backups within repositories: what restic and borg say of themselves as JSON.

Snapshots that `zmward backup run` made count only where their run came to its end,
which its last snapshot says.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec

from zmward.backup_places import Copy
from zmward.backups.listing import Backup, Listing, newest_first, undated
from zmward.sources.source import Unreadable

OWN_TAG: Final = "zmward"
RUN: Final = re.compile(r"run-([0-9]{8}T[0-9]{6}Z-[0-9a-f]{4})")
PARTS: Final = re.compile(r"parts-([a-z+]{1,40})")
PARTIAL: Final = "partial"
BYTES: Final = re.compile(r"bytes-([0-9]{1,18})")
# The last thing that a run stores; a run without it did not come to its end.
LAST: Final = "zmward-run.json"
# Python's own parser takes microseconds, Go prints up to nanoseconds.
_FRACTION = re.compile(r"(\.[0-9]{1,6})[0-9]*")
_OWN_ARCHIVE = re.compile(r"zmward-(.+)-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}-run")
_OWN_PIECE = re.compile(r"zmward-.+-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}-(?!run$).*")
_CHECKPOINT = re.compile(r".*\.checkpoint(\.[0-9]+)?")
_OPEN_MODES: Final = frozenset({"none", "authenticated", "authenticated-blake2"})


class Snapshot(msgspec.Struct, frozen=True):
    """A snapshot of restic's, by the fields that are needed here."""

    id: str
    time: str
    hostname: str = ""
    paths: tuple[str, ...] = ()
    tags: tuple[str, ...] | None = None
    summary: Mapping[str, Any] | None = None


class Archive(msgspec.Struct, frozen=True):
    """An archive of borg's."""

    name: str
    start: str
    hostname: str = ""
    comment: str = ""
    stats: Mapping[str, Any] | None = None


class Encryption(msgspec.Struct, frozen=True):
    """How borg keeps a repository."""

    mode: str


class Archives(msgspec.Struct, frozen=True):
    """What `borg info --json` or `borg list --json` says."""

    archives: tuple[Archive, ...] = ()
    encryption: Encryption | None = None


def when(text: str) -> float:
    """Return a time of theirs as epoch; borg is asked in UTC, and names no zone."""
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise Unreadable(f"not a time: {text[:40]!r}") from error


def _read(answer: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(answer, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise Unreadable(
            f"the answer is not the JSON that it should be: {error}"
        ) from error


def snapshots(answer: bytes) -> tuple[Snapshot, ...]:
    """Read what `restic snapshots --json` printed; raise Unreadable."""
    return tuple(_read(answer, tuple[Snapshot, ...] | None) or ())


def archives(answer: bytes) -> Archives:
    """Read what borg printed; raise Unreadable."""
    found: Archives = _read(answer, Archives)
    return found


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _tagged(tags: tuple[str, ...], pattern: re.Pattern[str]) -> str:
    return next((m[1] for tag in tags if (m := pattern.fullmatch(tag))), "")


def _own_series(host: str, parts: str) -> str:
    return f"zmward on {host}" + (f", {parts} alone" if parts else "")


def _runs(found: tuple[Snapshot, ...]) -> dict[str, tuple[str, ...]]:
    """Return the snapshots of each run of zmward's."""
    runs: dict[str, list[str]] = {}
    for one in found:
        if OWN_TAG in (one.tags or ()) and (run := _tagged(one.tags or (), RUN)):
            runs.setdefault(run, []).append(one.id)
    return {run: tuple(ids) for run, ids in runs.items()}


def _of_restic(
    one: Snapshot, sizes: Mapping[str, int], runs: Mapping[str, tuple[str, ...]]
) -> Backup | None:
    """Return a snapshot as a backup; None for a piece of a run of zmward's."""
    tags = one.tags or ()
    if OWN_TAG in tags:
        if not any(path.rpartition("/")[2] == LAST for path in one.paths):
            return None
        size = _tagged(tags, BYTES)
        return Backup(
            name=one.id,
            when=when(one.time),
            size=int(size) if size else None,
            series=_own_series(one.hostname, _tagged(tags, PARTS)),
            whole=PARTIAL not in tags,
            pieces=runs.get(_tagged(tags, RUN), ()),
        )
    size_now = _count((one.summary or {}).get("total_bytes_processed"))
    known = size_now if size_now is not None else sizes.get(one.id)
    name = f"{one.hostname}: {', '.join(one.paths)}"
    return Backup(one.id, when(one.time), known, undated(name))


def of_restic(
    copy: Copy, found: tuple[Snapshot, ...], sizes: Mapping[str, int]
) -> Listing:
    """Return a repository of restic's; `sizes` are bytes by id, where asked."""
    runs = _runs(found)
    known = [
        backup
        for one in found
        if chosen(copy, one) and (backup := _of_restic(one, sizes, runs)) is not None
    ]
    return Listing(copy, newest_first(known), encrypted=True)


def chosen(copy: Copy, one: Snapshot) -> bool:
    """Say whether the profile means this snapshot."""
    if copy.host and one.hostname != copy.host:
        return False
    names = one.paths or ("",)
    return any(fnmatchcase(path, copy.pattern) for path in names)


def _of_borg(copy: Copy, found: tuple[Archive, ...]) -> Iterator[Backup]:
    pieces: tuple[str, ...]
    for one in found:
        if copy.host and one.hostname and one.hostname != copy.host:
            continue
        if not fnmatchcase(one.name, copy.pattern) or _piece(one.name):
            continue
        size = _count((one.stats or {}).get("original_size"))
        line, whole, pieces = undated(one.name), None, ()
        if own := _OWN_ARCHIVE.fullmatch(one.name):
            words = tuple(one.comment.split())
            line = _own_series(own[1], _tagged(words, PARTS))
            whole = PARTIAL not in words
            said = _tagged(words, BYTES)
            size = int(said) if said else None
            begin = one.name.removesuffix("run")
            pieces = tuple(a.name for a in found if a.name.startswith(begin))
        yield Backup(one.name, when(one.start), size, line, whole=whole, pieces=pieces)


def _piece(name: str) -> bool:
    """Say whether an archive is a part of a run, or what an interrupted one left."""
    return bool(_OWN_PIECE.fullmatch(name) or _CHECKPOINT.fullmatch(name))


def sealed(found: Archives) -> bool | None:
    """Say whether a repository of borg's is encrypted; None where it does not say."""
    return found.encryption.mode not in _OPEN_MODES if found.encryption else None


def of_borg(copy: Copy, found: Archives, detailed: Archives | None = None) -> Listing:
    """Return a repository of borg's; `detailed` has the sizes of its newest ones."""
    stats = {one.name: one for one in detailed.archives} if detailed else {}
    whole = tuple(
        msgspec.structs.replace(
            one,
            stats=stats[one.name].stats,
            hostname=one.hostname or stats[one.name].hostname,
            comment=one.comment or stats[one.name].comment,
        )
        if one.name in stats
        else one
        for one in found.archives
    )
    return Listing(
        copy, newest_first(list(_of_borg(copy, whole))), encrypted=sealed(found)
    )


class _Stats(msgspec.Struct, frozen=True):
    """What `restic stats --json` says."""

    total_size: int | None = None


def restored(answer: bytes) -> int | None:
    """Read how many bytes a snapshot would restore, None where it is not said."""
    try:
        return msgspec.json.decode(answer, type=_Stats).total_size
    except (msgspec.DecodeError, UnicodeError):
        return None
