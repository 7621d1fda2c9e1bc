"""The policy of a node for people: a picture, then each opening, then the problems."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from rich.text import Text

from zmward.firewall.grid import Grid, Shut, packets
from zmward.firewall.loaded import Loaded
from zmward.firewall.managers import managers
from zmward.firewall.openings import FAMILIES, Opening, Policy, Problem
from zmward.firewall.room import Room
from zmward.i18n import Speaker, mark
from zmward.reports.firewall_words import STEPS, ZONE_WORDS, who
from zmward.reports.grid_text import picture, shut_lines
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.plain import plain
from zmward.reports.room_text import alarms
from zmward.reports.times import moment

_INDENT: Final = 22
# More of one kind are counted; the JSON has all.
_MOST: Final = 12
_MOST_SHUT: Final = 60
_BAD, _DOUBT = "bold red", "bold yellow"


class Shown(msgspec.Struct, frozen=True):
    """Everything that is shown of one node's policy."""

    policy: Policy
    grid: Grid
    shut: tuple[Shut, ...]
    when: str
    loaded: Loaded | str
    full: tuple[Room, ...] = ()


def _head(shown: Shown, say: Speaker, width: int) -> Iterator[Text]:
    policy = shown.policy
    line = Text().append(plain(policy.host), style="bold")
    line.append(f" · {say(mark('its whitelist'))} · {moment(shown.when)}", style="none")
    yield clipped(line, width)
    refused = len(policy.refused)
    if refused:
        text = say.number(
            mark("✗ may not be loaded: {count} problem, below"),
            mark("✗ may not be loaded: {count} problems, below"),
            refused,
        )
        yield Text(text, style=_BAD)
    else:
        yield Text(say(mark("✓ may be loaded")), style="bold green")


# What whoever has rules loaded means for the whitelist.
_OWNERS: Final[Mapping[str, str]] = {
    "ufw": mark("ufw is on: load the whitelist with --format ufw, as its own rules"),
    "firewalld": mark(
        "firewalld is on: what it drops stays dropped, so name each opening there too"
    ),
}


def _loaded(shown: Shown, say: Speaker, width: int) -> Iterator[Text]:
    """Yield whose rules are loaded now, and what that means."""
    if isinstance(shown.loaded, str):
        text = say(mark("not known: {reason}")).format(reason=plain(shown.loaded))
        owners: tuple[str, ...] = ()
    else:
        rules = shown.loaded.rules
        owners = managers(rules)
        named = say(mark("rules of {names}")).format(names=", ".join(owners))
        by_hand = say(mark("rules that somebody made by hand"))
        text = named if owners else by_hand
        if not any(rules.base(family) for family in FAMILIES):
            text = say(mark("no rule looks at packets"))
        if shown.loaded.missing:
            text += f"; {say(mark('not asked'))}: {', '.join(shown.loaded.missing)}"
    line = Text(f"{say(mark('Loaded now'))}: {text}")
    yield from hanging(Text(), line, 0, width)
    for owner in owners:
        if owner in _OWNERS:
            said = Text(say(_OWNERS[owner]))
            yield from hanging(Text("!", style=_DOUBT), said, 2, width)


def _part(title: str, say: Speaker) -> Iterator[Text]:
    yield Text()
    yield Text(say(title), style="bold")


def _opening(one: Opening, say: Speaker, width: int) -> Iterator[Text]:
    (what,) = packets((one.protocol,), one.ports)
    label = Text(f"  {plain(one.name, 30)}")
    body = Text(f"{what}, {say(mark('from'))} ", style="none")
    body.append(say(ZONE_WORDS[one.zone]), style="bold")
    addresses = who(one.sources)
    if addresses != "everybody" or one.zone != "internet":
        body.append(f": {addresses}", style="none")
    if one.source_port:
        body.append(f", {say(mark('from port'))} {one.source_port}", style="none")
    if one.rate:
        rate = say(mark("at most {rate} of one source")).format(rate=one.rate)
        body.append(f"; {rate}", style="none")
    yield from hanging(label, body, _INDENT, width)
    why = Text(f"{plain(one.why)} [{plain(one.origin)}]", style="bright_black")
    yield from hanging(Text(), why, _INDENT, width)


def _outbound(policy: Policy, say: Speaker, width: int) -> Iterator[Text]:
    title = mark("Needs outwards (for other firewalls: this one lets everything out)")
    yield from _part(title, say)
    found: dict[tuple[str, str], list[str]] = {}
    for one in policy.outbound:
        found.setdefault((one.target, one.ports), []).append(say(one.why))
    for (target, ports), why in found.items():
        label = Text(f"  {plain(target, 40)}")
        body = Text(f"{ports}: {'; '.join(why)}")
        yield from hanging(label, body, _INDENT, width)


def _problem(one: Problem, say: Speaker, width: int) -> Iterator[Text]:
    sign, style = ("✗", _BAD) if one.refuses else ("!", _DOUBT)
    label = Text(f"  {sign} {one.kind}", style=style)
    yield from hanging(label, Text(plain(one.text)), _INDENT, width)
    step = Text(f"→ {say(STEPS[one.kind])}", style="bright_black")
    yield from hanging(Text(), step, _INDENT, width)


def _folded(found: tuple[Problem, ...], say: Speaker, width: int) -> Iterator[Text]:
    """Yield problems; of one kind only so many."""
    count: dict[str, int] = {}
    for one in found:
        count[one.kind] = count.get(one.kind, 0) + 1
        if count[one.kind] <= _MOST:
            yield from _problem(one, say, width)
    for kind, number in count.items():
        if number > _MOST:
            text = say(mark("and {count} more of this kind: --json names all"))
            label = Text(f"  {kind}", style="bold")
            body = Text(text.format(count=number - _MOST))
            yield from hanging(label, body, _INDENT, width)


def _problems(policy: Policy, say: Speaker, width: int) -> Iterator[Text]:
    remarks = tuple(one for one in policy.problems if not one.refuses)
    if policy.refused:
        yield from _part(mark("Keeps it from being loaded"), say)
        yield from _folded(policy.refused, say, width)
    if remarks:
        yield from _part(mark("Remarks"), say)
        yield from _folded(remarks, say, width)


def _lines(shown: Shown, say: Speaker, width: int) -> Iterator[Text]:
    yield from _head(shown, say, width)
    yield from _loaded(shown, say, width)
    yield from alarms(shown.full, say, width)
    yield from _part(mark("Who would reach what"), say)
    if shown.grid.rows:
        yield from picture(shown.grid, say, width)
    else:
        yield Text("  " + say(mark("nobody reaches anything")))
    yield from _part(mark("Closed to everybody but the node itself"), say)
    yield from shut_lines(shown.shut, say, width, _MOST_SHUT)
    yield from _part(mark("Let in, why, and who says so"), say)
    for one in shown.policy.openings:
        yield from _opening(one, say, width)
    yield from _outbound(shown.policy, say, width)
    yield from _problems(shown.policy, say, width)


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
