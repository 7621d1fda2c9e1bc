"""Where the last check of an installation is noted on its host, for the next audit."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec

from zmward.backups.rehearsal import stamp
from zmward.engine.drill_record import put_record
from zmward.engine.integrity_state import folder
from zmward.engine.integrity_work import Wish
from zmward.errors import Refused
from zmward.integrity.checked import Checked, Made
from zmward.sources.integrity_check import QUICK, SCHEMA, WHOLE, Note

_LONGEST = 400


def _keep(root: str, note: Note, *, quick: bool) -> str:
    """Write a note in place of the one before; return why that cannot be."""
    # A mounted image is only read.
    if root != "/" and not os.environ.get("ZMWARD_STATE"):
        return ""
    where = folder(root) / (QUICK if quick else WHOLE)
    try:
        put_record(where, msgspec.json.encode(note))
    except Refused as refused:
        # No audit may believe the whole check before this one, which said otherwise.
        for name in (QUICK, WHOLE):
            with suppress(OSError):
                where.with_name(name).unlink()
        return f"The next audit will not know of this: {refused}"
    return ""


def keep(root: str, wish: Wish, found: Checked | Made) -> str:
    """Note what a comparison found, or a new baseline; return why it is not noted.

    What holds no alarm has none left that nobody has accepted.
    """
    quick = isinstance(found, Checked) and found.quick
    if isinstance(found, Checked):
        alarms, missed = len(found.alarms), len(found.missed) + bool(found.trouble)
    else:
        alarms, missed = len(found.shipped.suspects), len(found.missed)
    when, header = stamp(wish.now.timestamp()), found.header
    counts = (header.serial, header.when, alarms, missed)
    return _keep(root, Note(SCHEMA, when, wish.keys, *counts), quick=quick)


@contextmanager
def refusals(root: str, wish: Wish, *, quick: bool) -> Iterator[None]:
    """Note it where a baseline is refused: what was found before holds no longer."""
    try:
        yield
    except Refused as refused:
        when, text = stamp(wish.now.timestamp()), str(refused)[:_LONGEST]
        note = Note(SCHEMA, when, wish.keys, refused=text)
        _keep(root, note, quick=quick)
        raise
