"""How the backups stand: for the terminal, and as JSON."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from rich.text import Text

from zmward.backups.judged import size
from zmward.backups.listing import STATES, Found, Listing
from zmward.backups.rehearsal import stamp
from zmward.i18n import Speaker, mark
from zmward.reports.lines import hanging, printed
from zmward.reports.plain import plain

SCHEMA: Final = "zmward.backups/1"
_INDENT: Final = 16
SIGNS: Final = {
    "bad": ("✗", "bold red"),
    "unknown": ("?", "bold magenta"),
    "well": ("✓", "bold green"),
}
ASPECTS: Final = {
    "place": mark("place"),
    "age": mark("age"),
    "size": mark("size"),
    "gaps": mark("gaps"),
    "retention": mark("retention"),
    "encryption": mark("encryption"),
    "off-site": mark("off-site"),
    "key": mark("key"),
    "snapshots": mark("snapshots"),
    "drill": mark("restore"),
}


class CopyShown(msgspec.Struct, frozen=True):
    """One copy, as far as it was seen."""

    name: str
    kind: str
    place: str
    off_site: bool
    encrypted: bool | None
    backups: int
    newest: str | None
    oldest: str | None
    bytes: int | None


class BackupsShown(msgspec.Struct, frozen=True):
    """The whole document."""

    schema: str
    host: str
    when: str
    counts: dict[str, int]
    copies: tuple[CopyShown, ...]
    found: tuple[Found, ...]


def _shown(listing: Listing) -> CopyShown:
    whole = [b for b in listing.backups if b.whole is not False]
    copy = listing.copy
    return CopyShown(
        name=copy.name,
        kind=copy.kind,
        place=copy.place,
        off_site=copy.off_site,
        encrypted=listing.encrypted,
        backups=len(whole),
        newest=stamp(whole[0].when) if whole else None,
        oldest=stamp(whole[-1].when) if whole else None,
        bytes=whole[0].size if whole else None,
    )


def document(
    found: tuple[Found, ...], listings: Iterable[Listing], host: str, when: str
) -> str:
    """Return what was found as indented JSON."""
    counts = Counter(one.state for one in found)
    shown = BackupsShown(
        SCHEMA,
        host,
        when,
        {state: counts[state] for state in STATES},
        tuple(map(_shown, listings)),
        found,
    )
    return msgspec.json.format(msgspec.json.encode(shown)).decode() + "\n"


def _row(one: Found, say: Speaker, width: int) -> Iterator[Text]:
    sign, style = SIGNS[one.state]
    label = Text(f"  {sign} {say(ASPECTS[one.aspect])}", style=style)
    yield from hanging(label, Text(plain(say(one.text))), _INDENT, width)
    if one.step:
        step = Text(f"→ {plain(say(one.step))}", style="bright_black")
        yield from hanging(Text(), step, _INDENT, width)


def _head(listing: Listing) -> str:
    shown = _shown(listing)
    parts = [f"{shown.name} ({shown.kind}, {shown.place})"]
    if shown.newest:
        parts.append(f"{shown.backups} backups, newest {shown.newest}")
    if shown.bytes is not None:
        parts.append(size(shown.bytes))
    return plain(": ".join(parts[:2]) + "".join(f", {p}" for p in parts[2:]))


def render(
    found: tuple[Found, ...],
    listings: tuple[Listing, ...],
    host: str,
    say: Speaker | None = None,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
) -> str:
    """Return what was found as text, one block for each copy."""
    say, width = say or Speaker(), max(width, 40)
    counts = Counter(one.state for one in found)
    words = say(mark("{bad} bad, {unknown} not known, {well} well")).format(
        bad=counts["bad"], unknown=counts["unknown"], well=counts["well"]
    )
    title = say(mark("Backups of {host}")).format(host=plain(host, 200))
    lines = [*hanging(Text(), Text(f"{title}: {words}", style="bold"), 0, width)]
    for listing in listings:
        lines += [Text(), *hanging(Text(), Text(_head(listing)), 0, width)]
        own = [one for one in found if one.copy == listing.copy.name]
        for one in sorted(own, key=lambda one: STATES.index(one.state)):
            lines += _row(one, say, width)
    lines += [Text(), Text(say(mark("All of them together")))]
    for one in found:
        if not one.copy:
            lines += _row(one, say, width)
    return printed(lines, width, color=color, encoding=encoding)
