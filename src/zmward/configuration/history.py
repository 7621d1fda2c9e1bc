"""The history told: each snapshot, what it changed, and who may have done it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from zmward.configuration.authors import Candidate, Edit, candidates
from zmward.configuration.compare import Difference

_MOST = 5


class Changed(msgspec.Struct, frozen=True):
    """One difference with its candidates; `more` is how many further ones fit."""

    difference: Difference
    candidates: tuple[Candidate, ...] = ()
    more: int = 0


class Told(msgspec.Struct, frozen=True):
    """One snapshot; `since` is when the one before was seen, empty for the first.

    `covered` says whether the logs that were read reach back to then.
    """

    commit: str
    since: str
    when: str
    author: str
    covered: bool
    changes: tuple[Changed, ...]


class Span(msgspec.Struct, frozen=True):
    """A snapshot as the repository has it; `since` is None for the first."""

    commit: str
    author: str
    since: int | None
    when: int
    differences: tuple[Difference, ...]


def _iso(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")


def _candidate(edit: Edit) -> Candidate:
    return Candidate(
        when=_iso(edit.when),
        account=edit.account,
        peer=edit.peer,
        announced=edit.announced,
        command=edit.command,
    )


def told(
    spans: Iterable[Span], edits: Sequence[Edit], begin: float
) -> tuple[Told, ...]:
    """Return the snapshots with candidates; `begin` is how far the logs reach back."""
    found = []
    for span in spans:
        changes = []
        for one in span.differences:
            since = span.since if span.since is not None else span.when
            fit = candidates(one, edits, since, span.when)
            shown = tuple(map(_candidate, fit[:_MOST]))
            changes.append(Changed(one, shown, len(fit) - len(shown)))
        since_text = "" if span.since is None else _iso(span.since)
        covered = span.since is not None and begin <= span.since
        row = (span.commit, since_text, _iso(span.when), span.author, covered)
        found.append(Told(*row, tuple(changes)))
    return tuple(found)
