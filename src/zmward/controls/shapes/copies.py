"""Two copies of the backups and a note of a check, for examples."""

from collections.abc import Mapping
from typing import Any

import msgspec

from zmward.sources.backup_check import BACKUP_CHECK, FILE, SCHEMA, Checked, Seen, State
from zmward.sources.own_records import OWN

_NEWEST = "2026-11-21T02:00:00+00:00"
_USUAL: Mapping[str, State] = {"place": "well", "age": "well", "encryption": "well"}


def two(**vault: Any) -> dict[str, Any]:
    """Return a profile of two copies; the words are those of the second one."""
    nightly = {"name": "nightly", "kind": "folder", "place": "/srv/nightly"}
    own = {key.replace("_", "-"): value for key, value in vault.items()}
    second = {"name": "vault", "kind": "folder", "place": "/srv/vault", **own}
    return {"backups": {"copy": [nightly, second]}}


def noted(
    copies: Mapping[str, Mapping[str, Any]],
    when: str = "2026-11-21T08:00:00+00:00",
    head: str = "600 root regular file",
    *,
    encrypted: bool | None = True,
) -> dict[str, str]:
    """Return the note of a check that found copies well but for what is given."""
    seen = tuple(
        Seen(name, _NEWEST, encrypted, {**_USUAL, **states})
        if states.get("place") != "unknown"
        else Seen(name, states={"place": "unknown"})
        for name, states in copies.items()
    )
    text = msgspec.json.encode(Checked(SCHEMA, when, seen)).decode()
    path = f"{OWN}/{FILE}"
    return {BACKUP_CHECK.name: f"! {head} {path}\n> {path}\n {text}\n"}
