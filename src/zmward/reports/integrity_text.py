"""What changed in an installation, for the terminal: alarms first, then the rest."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from zmward.i18n import Speaker, mark
from zmward.reports.integrity_json import (
    AlarmShown,
    ChangedShown,
    IntegrityShown,
)
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.plain import plain
from zmward.reports.times import moment

_INDENT: Final = 12
_MOST: Final = 40
_BAD, _DOUBT, _GOOD, _QUIET = "bold red", "bold magenta", "bold green", "bright_black"
_CAUSES: Final = {
    "package": mark("by a package upgrade"),
    "expected": mark("by Zimbra itself, as such files do"),
    "seen": mark("and no alarm"),
    "alarm": mark("and an alarm"),
}


_KEEP: Final = mark(
    "Keep the number and digest above where root of this host cannot write: --expect "
    "takes them."
)


class _Screen:
    """Builds the lines of one document."""

    def __init__(self, found: IntegrityShown, width: int) -> None:
        self.found, self.width, self.say = found, width, Speaker()

    def row(self, label: str, body: str, style: str = "bold") -> Iterator[Text]:
        head = Text(self.say(label), style=style)
        yield from hanging(head, Text(plain(body, 600)), _INDENT, self.width)

    def head(self) -> Iterator[Text]:
        base = self.found.baseline
        text = self.say(mark("{number}:{digest} of {host}, {when}, {paths} paths"))
        yield from self.row(
            mark("baseline"),
            text.format(
                number=base.number,
                digest=base.digest[:16],
                host=base.host or self.say(mark("a host without a name")),
                when=moment(base.when),
                paths=base.paths,
            ),
        )

    def alarms(self, *, everything: bool) -> Iterator[Text]:
        by_path: dict[str, list[AlarmShown]] = {}
        for one in self.found.alarms:
            by_path.setdefault(one.path, []).append(one)
        shown = list(by_path.items())
        for path, some in shown if everything else shown[:_MOST]:
            line = Text("✗ ", style=_BAD).append(plain(path, 400))
            line.append(f"  {some[0].kind}", "none")
            yield clipped(line, self.width)
            for one in some:
                yield from self.row("", one.text)
            yield from self.row("", some[0].todo)
        yield from self._more(len(shown), everything=everything)

    def _more(self, count: int, *, everything: bool) -> Iterator[Text]:
        if count > _MOST and not everything:
            more = self.say(mark("and {count} more (--all)"))
            yield Text(more.format(count=count - _MOST), style=_QUIET)

    def unread(self, *, everything: bool) -> Iterator[Text]:
        rows = self.found.unread
        for one in rows if everything else rows[:_MOST]:
            line = Text("? ", style=_DOUBT).append(plain(one.path, 400))
            yield clipped(line, self.width)
            yield from self.row("", one.why)
        yield from self._more(len(rows), everything=everything)

    def others(self, *, everything: bool) -> Iterator[Text]:
        """Yield what differs and is no alarm: in sum, or each."""
        kinds = (
            (mark("added"), self.found.added),
            (mark("changed"), self.found.changed),
            (mark("removed"), self.found.removed),
        )
        for label, rows in kinds:
            quiet = [one for one in rows if one.cause != "alarm"]
            for cause, words in _CAUSES.items():
                some = [one for one in quiet if one.cause == cause]
                if some:
                    text = f"{len(some)} {self.say(words)}"
                    yield from self.row(label, text)
                if everything:
                    for one in some:
                        text = one.path
                        if isinstance(one, ChangedShown):
                            text += f"  {', '.join(sorted(one.was))}"
                        yield from self.row("", text)

    def notes(self) -> Iterator[Text]:
        for note in self.found.notes:
            yield from self.row(mark("note"), note)

    def verdict(self) -> Iterator[Text]:
        paths = len({one.path for one in self.found.alarms})
        if paths:
            text = self.say.number(
                mark("{count} path gives an alarm"),
                mark("{count} paths give an alarm"),
                paths,
            )
            yield Text(text, style=_BAD)
        if self.found.unread:
            text = self.say.number(
                mark("{count} place was not seen: nothing is known of it"),
                mark("{count} places were not seen: nothing is known of them"),
                len(self.found.unread),
            )
            yield Text(text, style=_DOUBT)
        if not paths and not self.found.unread:
            yield Text(self.say(self._clean()), style=_GOOD)

    def _clean(self) -> str:
        if self.found.verb == "baseline":
            return mark("no code differs from its package")
        if self.found.quick:
            return mark("no alarm; read was what moved, and a sample of the rest")
        return mark("no alarm; every content was read")

    def taken(self) -> Iterator[Text]:
        count = len(self.found.accepted)
        one, many = mark("{count} change was taken"), mark("{count} changes were taken")
        yield from self.row(mark("accepted"), self.say.number(one, many, count))
        yield from self.row("", self.say(_KEEP))

    def made(self) -> Iterator[Text]:
        found = self.found
        text = self.say(
            mark(
                "{proved} files are as their packages have them; {unowned} files among "
                "the code belong to no package"
            )
        )
        yield from self.row(
            mark("packages"), text.format(proved=found.proved, unowned=found.unowned)
        )
        if found.edited:
            names = ", ".join(found.edited[:5]) + (" …" if found.edited[5:] else "")
            text = self.say(mark("the site has changed {count} ({names})"))
            yield from self.row(
                mark("edited"), text.format(count=len(found.edited), names=names)
            )
        yield from self.row(mark("public key"), found.public_key)
        yield from self.row(
            "",
            self.say(mark("Pin it in the profile, [integrity] keys.")),
        )
        yield from self.row("", self.say(_KEEP))


def render(
    found: IntegrityShown,
    *,
    width: int,
    color: bool,
    encoding: str = "utf-8",
    everything: bool = False,
) -> str:
    """Return a document as text."""
    screen = _Screen(found, width)
    parts: Iterable[Iterator[Text]] = (
        screen.head(),
        screen.made() if found.verb == "baseline" else iter(()),
        screen.taken() if found.verb == "accept" else iter(()),
        screen.alarms(everything=everything),
        screen.unread(everything=everything),
        screen.others(everything=everything),
        screen.notes(),
        screen.verdict(),
    )
    lines = [line for part in parts for line in part]
    return printed(lines, width, color=color, encoding=encoding)
