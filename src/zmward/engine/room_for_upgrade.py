"""Whether packages find room on a live host, and may write where they must."""

import re
from collections.abc import Iterator
from typing import Final

from zmward.doors.host import Door
from zmward.errors import ZmwardError
from zmward.i18n import fill, mark
from zmward.patches.readiness import DISK, IMMUTABLE, Ready

_PLACES: Final = ("/opt/zimbra", "/tmp", "/var")  # noqa: S108  # asked about only
_ROOTS: Final = ("/opt/zimbra/jetty/webapps", "/opt/zimbra/jetty_base/webapps")
# The packages of a mailbox server alone are larger.
_LEAST_KIB: Final = 1 << 20
_COLUMNS: Final = 6
_BITS: Final = re.compile(r"([A-Za-z-]+) +(/.*)")
_MOST: Final = 5


def _free(row: str) -> tuple[str, int] | None:
    """Return what a line of df names, and how much is free in KiB."""
    words = row.split(maxsplit=_COLUMNS - 1)
    if len(words) < _COLUMNS or not words[3].isdecimal():
        return None
    return words[5], int(words[3])


def disk(door: Door) -> Iterator[Ready]:
    """Yield how much is free; only what is surely too little is bad."""
    subject, step = DISK
    done = door.run(("df", "-Pk", "--", *_PLACES))
    rows = done.out.decode("utf-8", "replace").splitlines()[1:]
    found = dict(row for row in map(_free, rows) if row)
    if not found:
        silent = fill(
            mark("{program} did not tell: {said}"), program="df", said=done.said
        )
        yield Ready(subject, "unknown", silent, step)
        return
    texts = tuple(
        fill(mark("{size} GiB free on {name}"), size=f"{k / (1 << 20):.1f}", name=name)
        for name, k in found.items()
    )
    text = fill("{texts}", texts=texts)
    if min(found.values()) < _LEAST_KIB:
        yield Ready(subject, "bad", text, mark("make room first"))
    else:
        wanted = mark("the release notes say how much the packages need")
        yield Ready(subject, "unknown", text, wanted)


def immutable(door: Door) -> Iterator[Ready]:
    """Yield which web roots no package could write to."""
    subject, step = IMMUTABLE
    search = ("find", "-H", *_ROOTS, "-maxdepth", "1")
    done = door.run((*search, "-exec", "lsattr", "-d", "--", "{}", "+"))
    rows = done.out.decode("utf-8", "replace").splitlines()
    found = [match for match in map(_BITS.fullmatch, rows) if match]
    if not found:
        silent = mark("{program} did not tell: {said}")
        text = fill(silent, program="lsattr", said=done.said)
        yield Ready(subject, "unknown", text, step)
        return
    held = [row[2] for row in found if set("ia") & set(row[1])]
    if held:
        form = mark("packages cannot write to {count} places: {places}")
        text = fill(form, count=len(held), places=", ".join(held[:_MOST]))
        yield Ready(subject, "bad", text, mark("chattr -i for the time of the upgrade"))
    else:
        form = mark("no bit keeps packages from {count} files and folders of the web")
        text = fill(form, count=len(found))
        yield Ready(subject, "well", text)


def room(door: Door) -> Iterator[Ready]:
    """Yield both; what cannot be asked is unknown."""
    for (subject, step), ask in ((DISK, disk), (IMMUTABLE, immutable)):
        try:
            yield from tuple(ask(door))
        except ZmwardError as error:
            yield Ready(subject, "unknown", str(error), step)
