"""What the last checks of all nodes say of the profile's copies, while it is fresh."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from zmward.backup_places import Copy
from zmward.backups.judged import most_hours
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.backup_check import BACKUP_CHECK, Checked, Seen, State

_AHEAD = timedelta(hours=1)


class Look(msgspec.Struct, frozen=True):
    """One copy: how old its newest backup is, and why that is; the node that looked."""

    state: State
    text: str
    host: str = ""
    encrypted: bool | None = None
    encryption: State = "unknown"


def _fresh(facts: Facts, note: Checked) -> bool:
    """Say whether a note still tells how things are."""
    passed = facts.now - datetime.fromisoformat(note.when)
    most = timedelta(hours=facts.profile.thresholds.backup_hours)
    return -_AHEAD <= passed <= most


def _notes(facts: Facts) -> dict[str, tuple[str, str, Seen]]:
    """Return by copy: when it was looked at last, on which node, and what was seen."""
    found: dict[str, tuple[str, str, Seen]] = {}
    for host in facts.evidence.hosts:
        try:
            note = facts.read(BACKUP_CHECK, host)
        except Unseen:
            continue
        if not note.when or not _fresh(facts, note):
            continue
        for one in note.copies:
            now = (note.when, host, one)
            before = found.get(one.name, now)
            found[one.name] = max(before, now, key=_moment)
    return found


def _moment(note: tuple[str, str, Seen]) -> datetime:
    return datetime.fromisoformat(note[0])


def _look(facts: Facts, copy: Copy, when: str, host: str, seen: Seen) -> Look:
    hours = most_hours(copy, facts.profile.thresholds.backup_hours)
    newest = f"newest backup {seen.newest or 'none'}, looked at {when}"
    text, state = f"{copy.name}: {newest}", seen.age
    if state == "well":
        made = datetime.fromisoformat(seen.newest) if seen.newest else None
        if made is None or facts.now - made > timedelta(hours=hours):
            # Since then there may be a newer one.
            state = "unknown"
            text += f", over {hours} hours old: run `zmward backup check`"
    elif state == "bad":
        text += f", at most {hours} hours wanted of each series"
    encryption = seen.states.get("encryption", "unknown")
    return Look(state, text, host, seen.encrypted, encryption)


def doubts(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the nodes whose note cannot be read or believed, and why."""
    for host in facts.evidence.hosts if facts.profile.backups.copy else ():
        try:
            refused = facts.read(BACKUP_CHECK, host).refused
        except Unseen as signal:
            # Most nodes never checked anything; others do not let us look.
            absent = facts.absent(BACKUP_CHECK, host)
            refused = () if absent else (signal.missing.reason,)
        for reason in refused:
            yield host, reason


def checked(facts: Facts) -> dict[str, Look]:
    """Return how each copy of the profile stands, by name."""
    notes = _notes(facts)
    found = {}
    for copy in facts.profile.backups.copy:
        if copy.name in notes:
            found[copy.name] = _look(facts, copy, *notes[copy.name])
            continue
        hours = facts.profile.thresholds.backup_hours
        text = f"{copy.name}: no `zmward backup check` within {hours} hours"
        found[copy.name] = Look("unknown", text)
    return found
