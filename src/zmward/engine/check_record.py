"""Where the last check of the backups is noted on its host, for the next audit."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from zmward.backups.listing import STATES, Found, Listing
from zmward.backups.rehearsal import stamp
from zmward.engine.drill_record import put_record
from zmward.engine.state import root
from zmward.sources.backup_check import FILE, SCHEMA, Checked, Seen


def _seen(listing: Listing, found: Iterable[Found]) -> Seen:
    whole = [one for one in listing.backups if one.whole is not False]
    own = [one for one in found if one.copy == listing.copy.name]
    # The worst comes last, and stays.
    own.sort(key=lambda one: STATES.index(one.state), reverse=True)
    return Seen(
        name=listing.copy.name,
        newest=stamp(whole[0].when) if whole else "",
        encrypted=listing.encrypted,
        states={one.aspect: one.state for one in own},
    )


def keep(listings: Iterable[Listing], found: tuple[Found, ...], now: datetime) -> None:
    """Note what a check saw, in place of the one before."""
    copies = tuple(_seen(listing, found) for listing in listings)
    note = Checked(SCHEMA, stamp(now.timestamp()), copies)
    put_record(Path(root()) / "backups" / FILE, msgspec.json.encode(note))
