"""Opens one account's archive to its very last byte, and counts what it holds."""

import time

from zmward.backups.account_archive import Broken, Contents, contents
from zmward.backups.rehearsal import Part
from zmward.doors.backup_streams import Lost, Source
from zmward.engine.drill_part import Moved, failed, part, reading
from zmward.i18n import mark


def restored(source: Source, moved: Moved, stored: str = "") -> Part:
    """Read an archive whole; nothing of it is written anywhere.

    `stored` is the digest of what a run of zmward's stored under its name, empty where
    none did.
    """
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
    wrong, step = _wrong(found, swapped=stored not in {"", seen.sha256})
    items = found.counts.get("items", 0) or sum(found.counts.values())
    text = f"{items} items, {found.unpacked} bytes, every checksum holds"
    return part(
        "account",
        item,
        "bad" if wrong else "well",
        wrong or text,
        seen,
        whole=whole,
        counts=found.counts,
        step=step,
    )


def _wrong(found: Contents, *, swapped: bool) -> tuple[str, str]:
    """Say what is wrong with an archive that can be read, and what to do."""
    if found.doubtful:
        step = mark("do not unpack it; see who wrote it")
        return f"it holds what no export of Zimbra's holds: {found.doubtful[0]}", step
    if swapped:
        step = mark("see who put it there, and make a new one")
        return "it is not what its run stored", step
    if damaged := found.counts.get("damaged"):
        step = mark("see mailbox.log for mismatched blobs, and restore those elsewhere")
        return f"Zimbra itself found {damaged} of its messages damaged", step
    return "", ""
