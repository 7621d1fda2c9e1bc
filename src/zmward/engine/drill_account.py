"""Opens one account's archive to its very last byte, and counts what it holds."""

import time

from zmward.backups.account_archive import Broken, contents
from zmward.backups.rehearsal import Part
from zmward.doors.backup_streams import Lost, Source
from zmward.engine.drill_part import Moved, failed, part, reading
from zmward.i18n import mark


def restored(source: Source, moved: Moved) -> Part:
    """Read an archive whole; nothing of it is written anywhere."""
    began, item = time.monotonic(), source.item
    try:
        with source.open() as stream:

            def read(size: int) -> bytes:
                piece = stream.read(size)
                moved(stream.bytes)
                return piece

            found = contents(read)
            seen = reading(stream)
    except (Broken, Lost) as error:
        return failed("account", item, error)
    whole = time.monotonic() - began
    if found.doubtful:
        text = f"it holds what no export of Zimbra's holds: {found.doubtful[0]}"
        step = mark("do not unpack it; see who wrote it")
        return part(
            "account",
            item,
            "bad",
            text,
            seen,
            whole=whole,
            counts=found.counts,
            step=step,
        )
    items = found.counts.get("items", 0) or sum(found.counts.values())
    text = f"{items} items, {found.unpacked} bytes, every checksum holds"
    return part("account", item, "well", text, seen, whole=whole, counts=found.counts)
