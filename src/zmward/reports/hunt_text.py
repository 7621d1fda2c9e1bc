"""What a hunt found, for the terminal and as JSON: zmward.hunt/1."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec
from rich.text import Text

from zmward.i18n import Speaker, mark
from zmward.integrity.hunting import Hit, words
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.plain import plain

SCHEMA: Final = "zmward.hunt/1"
_INDENT: Final = 12
_MOST: Final = 40
_BAD, _DOUBT, _GOOD, _QUIET = "bold red", "bold magenta", "bold green", "bright_black"


class HitShown(msgspec.Struct, frozen=True):
    """One thing that was found: where, by which rule, and what shows it."""

    path: str
    rule: str
    level: Literal["alarm", "look"]
    text: str
    todo: str
    excerpt: str


class NotSeenShown(msgspec.Struct, frozen=True):
    """A place that was not looked at, and why."""

    path: str
    why: str


class SavedShown(msgspec.Struct, frozen=True):
    """The tar that keeps what was found."""

    path: str
    digest: str
    files: int


class HuntShown(msgspec.Struct, frozen=True):
    """The whole document; `saved` is null where nothing was kept."""

    schema: str
    host: str
    when: str
    files: int
    processes: bool
    found: tuple[HitShown, ...]
    unread: tuple[NotSeenShown, ...]
    notes: tuple[str, ...]
    saved: SavedShown | None


def shown(hits: Iterable[Hit], say: Speaker) -> tuple[HitShown, ...]:
    """Return what was found as it is shown."""
    found = []
    for one in hits:
        text, todo = words(one.rule)
        row = (one.path, one.rule, one.level, say(text), say(todo), one.excerpt)
        found.append(HitShown(*row))
    return tuple(found)


def render(found: HuntShown) -> str:
    """Return the document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"


def _hits(some: list[HitShown], style: str, width: int) -> Iterator[Text]:
    sign = "✗ " if style == _BAD else "? "
    by_path: dict[str, list[HitShown]] = {}
    for one in some:
        by_path.setdefault(one.path, []).append(one)
    for path, rows in by_path.items():
        yield clipped(Text(sign, style=style).append(plain(path, 400)), width)
        for one in rows:
            yield from hanging(Text(), Text(plain(one.text)), _INDENT, width)
            if one.excerpt:
                quoted = Text(f"| {plain(one.excerpt, 160)}", style=_QUIET)
                yield from hanging(Text(), quoted, _INDENT, width)
        yield from hanging(Text(), Text(plain(rows[0].todo)), _INDENT, width)


def text(
    found: HuntShown,
    *,
    width: int,
    color: bool,
    encoding: str = "utf-8",
    everything: bool = False,
) -> str:
    """Return the document for a terminal: alarms, then what to look at."""
    say = Speaker()
    lines: list[Text] = []
    for level, style in (("alarm", _BAD), ("look", _DOUBT)):
        some = [one for one in found.found if one.level == level]
        lines += _hits(some if everything else some[:_MOST], style, width)
        if len(some) > _MOST and not everything:
            more = say(mark("and {count} more (--all)"))
            lines.append(Text(more.format(count=len(some) - _MOST), style=_QUIET))
    for place in found.unread:
        lines.append(clipped(Text("? ", _DOUBT).append(plain(place.path)), width))
        lines += hanging(Text(), Text(plain(place.why)), _INDENT, width)
    for note in found.notes:
        head = Text(say(mark("note")), style="bold")
        lines += hanging(head, Text(plain(note, 400)), _INDENT, width)
    if found.saved is not None:
        head = Text(say(mark("saved")), style="bold")
        body = f"{found.saved.path} · SHA-256 {found.saved.digest}"
        lines += hanging(head, Text(plain(body, 600)), _INDENT, width)
    lines += _verdict(found, say)
    return printed(lines, width, color=color, encoding=encoding)


def _verdict(found: HuntShown, say: Speaker) -> Iterator[Text]:
    alarms = sum(one.level == "alarm" for one in found.found)
    looks = len(found.found) - alarms
    said = say(mark("{files} files looked at: {alarms} alarms, {looks} to look at"))
    style = _BAD if alarms else _DOUBT if looks or found.unread else _GOOD
    yield Text(said.format(files=found.files, alarms=alarms, looks=looks), style=style)
    if found.unread:
        missed = say.number(
            mark("{count} place was not seen: nothing is known of it"),
            mark("{count} places were not seen: nothing is known of them"),
            len(found.unread),
        )
        yield Text(missed, style=_DOUBT)
