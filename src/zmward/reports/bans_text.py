"""What fail2ban is to do, and whom it would have banned, for a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.text import Text

from zmward.bans.victims import BYSTANDERS, Doubt
from zmward.i18n import Speaker, mark
from zmward.reports.bans_json import BansShown, JailShown, Simulated, VictimShown
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.plain import plain
from zmward.reports.times import moment

_INDENT: Final = 12
_MOST: Final = 40
_DOUBTS: Final[Mapping[Doubt, str]] = {
    "shared": mark("an office, a NAT or a proxy?"),
    "announces": mark("announces other addresses: a proxy?"),
    "logins": mark("somebody logs in well from there"),
    "private": mark("an inner address"),
}
_DAY, _HOUR, _MINUTE = 86_400, 3600, 60


def _span(seconds: int) -> str:
    for size, letter in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size and not seconds % size:
            return f"{seconds // size} {letter}"
    return f"{seconds} s"


class _Screen:
    """Builds the lines of one document."""

    def __init__(self, found: BansShown, width: int) -> None:
        self.found, self.width, self.say = found, width, Speaker()

    def row(self, label: str, body: str, style: str = "bold") -> Iterator[Text]:
        yield from hanging(
            Text(label, style=style), Text(plain(body)), _INDENT, self.width
        )

    def jail(self, one: JailShown) -> Iterator[Text]:
        ports = ", ".join(map(str, one.ports)) or self.say(mark("all ports"))
        rule = self.say(mark("{failures} in {window} ban for {ban}")).format(
            failures=one.failures,
            window=_span(one.window_seconds),
            ban=_span(one.ban_seconds),
        )
        yield from self.row(self.say(mark("jail")), one.name, "bold cyan")
        for text in (f"{one.about}; {rule}", f"{one.log} · {ports}"):
            yield from self.row("", text)

    def spared(self) -> Iterator[Text]:
        why: dict[str, list[str]] = {}
        for one in self.found.spared:
            why.setdefault(one.why, []).append(one.word)
        label = self.say(mark("spared"))
        for reason, words in why.items():
            yield from self.row(label, f"{', '.join(words)} · {reason}")
            label = ""

    def reasons(self) -> Iterator[Text]:
        rows = (
            (mark("refused"), self.found.refused, "bold red"),
            (mark("left out"), self.found.left, "bold yellow"),
            (mark("note"), self.found.notes, "bold"),
        )
        for label, some, style in rows:
            for one in some:
                yield from self.row(self.say(label), one.text, style)

    def victim(self, one: VictimShown) -> Iterator[Text]:
        style = "bold red" if BYSTANDERS & set(one.doubts) else "bold"
        head = Text(plain(one.address, 64), style=style)
        head.append(
            f"  {one.bans}x · {moment(one.first)} · {', '.join(one.jails)}", "default"
        )
        yield clipped(head, self.width)
        did = self.say(
            mark("{failures} failures at {guessed} names, {successes} good logins")
        ).format(failures=one.failures, guessed=one.guessed, successes=one.successes)
        words = [did, *(self.say(_DOUBTS[doubt]) for doubt in one.doubts)]
        if one.spared:
            words.append(
                self.say(mark("spared: {why}")).format(why=plain(one.spared, 120))
            )
        yield from self.row("", "; ".join(words))

    def simulated(self, seen: Simulated, *, all_of_them: bool) -> Iterator[Text]:
        hit = [one for one in seen.victims if not one.spared]
        doubtful = [one for one in hit if one.doubts]
        text = self.say(
            mark(
                "from {since} to {until} these jails would have banned {count} "
                "addresses, {doubtful} of them doubtful"
            )
        ).format(
            since=moment(seen.since),
            until=moment(seen.until),
            count=len(hit),
            doubtful=len(doubtful),
        )
        if not all_of_them and seen.victims:
            text += self.say(mark(" (--simulate names them)"))
        yield from self.row(self.say(mark("simulated")), text)
        if all_of_them:
            yield from self._victims(seen.victims)
        for note in seen.notes:
            yield from self.row(self.say(mark("note")), note)

    def _victims(self, some: Iterable[VictimShown]) -> Iterator[Text]:
        rank = sorted(some, key=lambda one: (bool(one.spared), not one.doubts))
        for one in rank[:_MOST]:
            yield from self.victim(one)
        if len(rank) > _MOST:
            more = self.say(mark("and {count} more (--json)"))
            yield Text(more.format(count=len(rank) - _MOST))


def render(
    found: BansShown,
    *,
    simulate: bool,
    width: int,
    color: bool,
    encoding: str = "utf-8",
) -> str:
    """Return the document as text; with `simulate` every victim is named."""
    screen = _Screen(found, width)
    lines: list[Text] = []
    if not simulate:
        for jail in found.jails:
            lines += screen.jail(jail)
        lines += screen.spared()
    if found.simulated is not None:
        lines += screen.simulated(found.simulated, all_of_them=simulate)
    lines += screen.reasons()
    return printed(lines, width, color=color, encoding=encoding)
