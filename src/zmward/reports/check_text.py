"""How a node's rules differ from its whitelist, for people."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from rich.text import Text

from zmward.firewall.checked import Checked, Deviating
from zmward.firewall.compare import Kind
from zmward.firewall.openings import Sources
from zmward.firewall.room import Room
from zmward.i18n import Speaker, mark
from zmward.reports.firewall_words import FAMILY_WORDS, who
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.plain import plain
from zmward.reports.room_text import alarms
from zmward.reports.times import moment

_INDENT: Final = 22
# More rows of one kind are counted; the JSON has all.
_MOST: Final = 60
_MOST_FOLDED: Final = 200
_LISTENERS: Final = 24
_KINDS: Final[Mapping[Kind, tuple[str, str, str]]] = {
    "excess": ("✗", "bold red", mark("Let in, and not in the whitelist")),
    "missing": ("✗", "bold red", mark("In the whitelist, and not let in")),
    "unknown": ("?", "bold magenta", mark("Not known")),
}


class Shown(msgspec.Struct, frozen=True):
    """A comparison, when it was, whose rules they are, and what was assumed.

    `full` are sets of ours that are nearly full.
    """

    found: Checked
    when: str
    rules: str
    loaded_by: tuple[str, ...] = ()
    assumed: str = ""
    full: tuple[Room, ...] = ()


def _count(found: Checked, kind: Kind) -> int:
    return sum(one.kind == kind for one in found.deviations)


def _verdict(found: Checked, say: Speaker) -> Text:
    words: dict[Kind, str] = {
        "excess": mark("let in too much"),
        "missing": mark("not let in"),
        "unknown": mark("not known"),
    }
    counts = {kind: _count(found, kind) for kind in words}
    if not any(counts.values()):
        if found.reasons:
            text = mark("? no difference was found, and not all is known")
            return Text(say(text), style="bold magenta")
        return Text(say(mark("✓ the rules are the whitelist")), style="bold green")
    line = Text()
    for kind, number in counts.items():
        if number:
            sign, style, _ = _KINDS[kind]
            line.append(f"{sign} {number} {say(words[kind])}   ", style=style)
    return line


def _head(shown: Shown, say: Speaker, width: int) -> Iterator[Text]:
    found = shown.found
    families = say(mark("and")).join(
        f" {FAMILY_WORDS[family]} " for family in found.families
    )
    line = Text().append(plain(found.host), style="bold")
    rest = f" · {plain(shown.rules)} ·{families}· {moment(shown.when)}"
    yield clipped(line.append(rest, style="none"), width)
    if shown.loaded_by:
        text = say(mark("Their owners: {names}"))
        yield Text(text.format(names=", ".join(shown.loaded_by)))
    yield _verdict(found, say)
    left = [f for f in FAMILY_WORDS if f not in found.families]
    if left:
        text = say(mark("{family} was not judged: the file does not speak of it"))
        yield Text(text.format(family=FAMILY_WORDS[left[0]]))
    if shown.assumed:
        yield from hanging(Text(), Text(shown.assumed), 0, width)
    if found.bans:
        text = say.number(
            mark("{count} rule that bans addresses is left aside"),
            mark("{count} rules that ban addresses are left aside"),
            found.bans,
        )
        yield Text(text)
    yield from alarms(shown.full, say, width)
    for family in found.unfiltered:
        text = say(mark("{family}: no rule looks at packets, so everything is let in"))
        yield Text(text.format(family=FAMILY_WORDS[family]), style="bold red")
    for reason in found.reasons:
        yield from hanging(Text("?", style="bold magenta"), Text(reason), 2, width)


def _quiet(one: Deviating) -> bool:
    """Say whether an excess is only a gap: nothing listens there."""
    return one.kind == "excess" and one.listeners == ()


def _name(one: Deviating) -> str:
    return ", ".join(one.names) or one.what


def _several(words: Iterable[str]) -> str:
    """Return kinds of packets with what they share said once: `icmp type 3, 11`."""
    found = list(words)
    heads = {word.rpartition(" ")[0] for word in found}
    if len(found) == 1 or len(heads) != 1 or heads == {""}:
        return ", ".join(found)
    rest = ", ".join(word.rpartition(" ")[2] for word in found)
    return f"{heads.pop()} {rest}"


def _together(found: Iterable[Deviating]) -> list[Deviating]:
    """Return rows of one name that differ only in their packets as one row."""
    rows: dict[Deviating, list[str]] = {}
    for one in found:
        # A range of ports has no name of its own.
        key = msgspec.structs.replace(one, what="") if one.names else one
        rows.setdefault(key, []).append(one.what)
    return [
        msgspec.structs.replace(key, what=_several(words))
        for key, words in rows.items()
    ]


def _way(by: tuple[str, ...], say: Speaker) -> str:
    """Return by which interfaces, or to which own addresses."""
    names = [plain(name) for name in by if not name.startswith("to ")]
    places = ", ".join(plain(name) for name in by if name.startswith("to "))
    way = f"{say(mark('by'))} {', '.join(names)}" if names else ""
    return " ".join(word for word in (way, places) if word)


def _row(one: Deviating, say: Speaker, width: int) -> Iterator[Text]:
    sign, style, _ = _KINDS[one.kind]
    label = Text(f"  {sign} ", style=style)
    label.append(plain(_name(one), 40), style="none")
    words = [one.what] if one.names else []
    words.append(f"{say(mark('from'))} {who(one.sources)}")
    if one.by:
        words.append(_way(one.by, say))
    if one.listeners:
        some = ", ".join(plain(name, 60) for name in one.listeners[:_LISTENERS])
        rest = len(one.listeners) - _LISTENERS
        more = f" and {rest} more" if rest > 0 else ""
        words.append(f"{say(mark('there'))}: {some}{more}")
    body = Text("; ".join(words))
    if label.cell_len < _INDENT:
        yield from hanging(label, body, _INDENT, width)
    else:
        yield clipped(label, width)
        yield from hanging(Text(), body, _INDENT, width)
    for text in one.said:
        said = Text(f"{say(mark('not understood'))}: {plain(text)}")
        yield from hanging(Text(), said, _INDENT, width)


def _alike(found: Iterable[Deviating]) -> dict[tuple[Sources, tuple[str, ...]], str]:
    """Return gaps of the same sources as one list of ports."""
    lists: dict[tuple[Sources, tuple[str, ...]], list[str]] = {}
    for one in found:
        names = f" ({', '.join(one.names)})" if one.names else ""
        lists.setdefault((one.sources, one.by), []).append(f"{one.what}{names}")
    shown = {}
    for key, words in lists.items():
        rest = len(words) - _MOST_FOLDED
        text, before = "", ""
        for word in words[:_MOST_FOLDED]:
            kind, _, ports = word.partition(" ")
            text += f", {ports if kind == before and ports else word}"
            before = kind
        more = f" and {rest} more: --json names all" if rest > 0 else ""
        shown[key] = text.removeprefix(", ") + more
    return shown


def _gaps(found: list[Deviating], say: Speaker, width: int) -> Iterator[Text]:
    if found:
        yield Text("  " + say(mark("Where nothing listens now:")))
    for (sources, by), text in _alike(found).items():
        way = f" {_way(by, say)}" if by else ""
        body = Text(f"{say(mark('from'))} {who(sources)}{way}: {plain(text, 20_000)}")
        yield from hanging(Text("   "), body, 4, width)


def _part(kind: Kind, shown: Shown, say: Speaker, width: int) -> Iterator[Text]:
    found = [one for one in shown.found.deviations if one.kind == kind]
    if not found:
        return
    yield Text()
    yield Text(say(_KINDS[kind][2]), style="bold")
    rows = _together(one for one in found if not _quiet(one))
    for one in rows[:_MOST]:
        yield from _row(one, say, width)
    if len(rows) > _MOST:
        text = say(mark("and {count} more of this kind: --json names all"))
        yield Text("    " + text.format(count=len(rows) - _MOST))
    yield from _gaps([one for one in found if _quiet(one)], say, width)


def _lines(shown: Shown, say: Speaker, width: int) -> Iterator[Text]:
    yield from _head(shown, say, width)
    for kind in _KINDS:
        yield from _part(kind, shown, say, width)


def render(
    shown: Shown,
    say: Speaker | None = None,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
) -> str:
    """Return the whole text."""
    lines = _lines(shown, say or Speaker(), width)
    return printed(lines, width, color=color, encoding=encoding)
