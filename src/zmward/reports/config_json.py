"""What the verbs of `zmward config` found, as JSON documents with schemas."""

from typing import Any

import msgspec

from zmward.configuration.compare import Difference
from zmward.configuration.history import Told


class SnapshotShown(
    msgspec.Struct, frozen=True, tag="zmward.config-snapshot/1", tag_field="schema"
):
    """One snapshot; `commit` is None where nothing changed."""

    repository: str
    when: str
    commit: str | None
    hosts_seen: tuple[str, ...]
    files: int
    differences: tuple[Difference, ...]
    stale: dict[str, str]
    uncompared: tuple[str, ...]


class DiffShown(
    msgspec.Struct, frozen=True, tag="zmward.config-diff/1", tag_field="schema"
):
    """What differs between two snapshots, by their commits and times."""

    repository: str
    was: str
    was_when: str
    now: str
    now_when: str
    differences: tuple[Difference, ...]
    stale: dict[str, str]


class LogShown(
    msgspec.Struct, frozen=True, tag="zmward.config-log/1", tag_field="schema"
):
    """The history, newest first; `logs_from` is how far the logs reach back."""

    repository: str
    logs_from: str | None
    notes: tuple[str, ...]
    snapshots: tuple[Told, ...]


def in_document(found: Any) -> str:
    """Return a value as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found)).decode()
