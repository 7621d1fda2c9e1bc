"""The report on logs for a terminal: the first screen says what matters."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.text import Text

from zmward.i18n import Speaker, mark
from zmward.logs.report import LogReport
from zmward.logs.seen import AccountSeen, SourceSeen
from zmward.reports import logs_words
from zmward.reports.lines import clipped, hanging, printed
from zmward.reports.logs_chart import bar, spark
from zmward.reports.plain import plain
from zmward.reports.times import moment

_INDENT: Final = 18
_MOST: Final = 40
_RED, _GREY, _GREEN = "bold red", "bold magenta", "green"


class _Screen:
    """Builds the lines of one report."""

    def __init__(
        self, found: LogReport, say: Speaker, width: int, encoding: str
    ) -> None:
        self.found, self.say, self.width = found, say, width
        self.encoding = encoding

    def row(self, label: str, body: Text | str, style: str = "bold") -> Text:
        line = Text()
        line.append(f"{self.say(label)} ".ljust(_INDENT), style=style)
        line.append_text(body if isinstance(body, Text) else Text(body))
        return clipped(line, self.width)

    def head(self) -> Iterator[Text]:
        found = self.found
        span = self.say(mark("nothing of a login"))
        if found.since and found.until:
            span = f"{moment(found.since)} to {moment(found.until)}"
        files = self.say.number(
            mark("{count} file"), mark("{count} files"), len(found.files)
        )
        lines = f"{found.lines:,} {self.say(mark('lines'))}"
        yield clipped(Text(f"{span} · {files} · {lines}", style="bold"), self.width)

    def verdict(self) -> Text:
        found, say = self.found, self.say
        parts = tuple(logs_words.alarms(found, say))
        if parts:
            return Text(f"✗ {', '.join(parts)}", style=_RED)
        if not found.failures and not found.successes:
            return Text(
                "? " + say(mark("no login at all was found: are these all logs?")),
                style=_GREY,
            )
        if found.notes:
            text = say(mark("no attack by these thresholds, but see the notes"))
            return Text(f"? {text}", style=_GREY)
        return Text("✓ " + say(mark("no attack by these thresholds")), style=_GREEN)

    def numbers(self) -> Iterator[Text]:
        found, say = self.found, self.say
        unknown = found.kinds.get("unknown", 0)
        yield self.row(
            mark("Failed logins"),
            f"{found.failures:,}, {unknown:,} {say(mark('of them at no account'))}; "
            f"{found.successes:,} {say(mark('good ones'))}",
        )
        most = max(found.protocols.values(), default=1)
        shown = list(found.protocols.items())[:3]
        for number, (name, count) in enumerate(shown):
            line = f"{plain(name):<8} {count:>9,} {bar(count, most, 24, self.encoding)}"
            yield self.row(mark("By protocol") if number == 0 else "", line)
        if found.hours:
            line = spark(found.hours, self.width - _INDENT - 1, self.encoding)
            yield self.row(mark("By time"), line)

    def origin(self) -> Iterator[Text]:
        origin, say = self.found.origin_ip, self.say
        total = origin.usable + origin.proxy_only + origin.absent
        if not total:
            yield self.row(
                mark("Origin IP"), say(mark("? no login that would show it")), _GREY
            )
            return
        share = origin.usable * 100 / total
        style = "bold" if origin.verdict == "ok" else _RED
        text = say(mark("{share:.1f} % of {total:,} logins show their client"))
        yield self.row(mark("Origin IP"), text.format(share=share, total=total), style)

    def source(self, one: SourceSeen) -> str:
        names = self.say.number(
            mark("{count} account"), mark("{count} accounts"), one.accounts
        )
        return (
            f"{plain(one.address):<24} {one.failures:>7,}  "
            f"{self.say(logs_words.WORDS[one.verdict])}; {names}, "
            f"{plain(','.join(one.protocols))}"
        )

    def account(self, one: AccountSeen) -> str:
        names = self.say.number(
            mark("{count} source"), mark("{count} sources"), one.sources
        )
        return (
            f"{plain(one.account, 32):<24} {one.failures:>7,}  "
            f"{self.say(logs_words.WORDS[one.verdict])}; {names}"
        )

    def some(self, label: str, rows: Sequence[str], most: int) -> Iterator[Text]:
        for number, text in enumerate(rows[:most]):
            yield self.row(label if number == 0 else "", text)

    def signs(self) -> tuple[str, ...]:
        seen: dict[str, str] = {}
        for one in self.found.indicators:
            seen.setdefault(
                one.id, f"{one.cve} ({one.count}) {plain(self.say(one.says))}"
            )
        return tuple(seen.values())

    def first(self) -> Iterator[Text]:
        found = self.found
        yield from self.head()
        verdict = self.verdict()
        yield from hanging(Text(), verdict, 0, self.width)
        yield from self.numbers()
        say = self.say
        inside = (*logs_words.wins(found, say), *logs_words.sessions(found, say))
        yield from self.some(mark("Got in?"), inside, 3)
        yield from self.some(mark("Sends much"), logs_words.sendings(found, say), 1)
        yield from self.some(mark("Exploitation"), self.signs(), 2)
        yield from self.origin()
        attacking = [self.source(one) for one in found.sources]
        yield from self.some(mark("Sources"), attacking, 3)
        suffering = [self.account(one) for one in found.accounts]
        yield from self.some(mark("Accounts"), suffering, 3)
        if found.unparsed:
            yield self.row(
                mark("Not understood"),
                f"{found.unparsed:,} {self.say(mark('lines'))}",
                _GREY,
            )
        for note in found.notes[:1]:
            yield self.row(mark("Note"), plain(note), _GREY)

    def part(self, title: str, rows: Sequence[str]) -> Iterator[Text]:
        if not rows:
            return
        yield Text()
        yield Text(self.say(title), style="bold")
        for row in rows[:_MOST]:
            yield clipped(Text(f"  {row}"), max(self.width, 60))
        if len(rows) > _MOST:
            text = self.say(mark("and {count} more: --json names them"))
            yield Text("  " + text.format(count=len(rows) - _MOST))

    def rest(self) -> Iterator[Text]:
        found, say = self.found, self.say
        advice = tuple(logs_words.advice(found, say))
        if advice:
            yield Text()
            for text in advice:
                yield from hanging(Text(), Text(text), _INDENT, self.width)
        yield from self.evidence()
        parts = (
            (mark("Logins that show their client"), logs_words.origins(found, say)),
            (mark("Logins after failures"), logs_words.wins(found, say)),
            (mark("Used from too many networks at once"), _logins(found, say)),
            (mark("Messages sent"), logs_words.sendings(found, say)),
            (mark("Sources"), [self.source(one) for one in found.sources]),
            (mark("Networks"), _networks(found)),
            (mark("Accounts"), [self.account(one) for one in found.accounts]),
            (
                mark("Asked for recipients that do not exist"),
                logs_words.recipients(found, say),
            ),
            (mark("Stopped by the flood filter"), logs_words.floods(found)),
            (mark("Pre-authentication by domain"), logs_words.preauth(found, say)),
        )
        for title, rows in parts:
            yield from self.part(title, rows)
        if found.notes:
            yield Text()
            yield Text(say(mark("Notes")), style="bold")
        for note in found.notes[:_MOST]:
            yield from hanging(Text(), Text(plain(note)), 2, self.width)

    def evidence(self) -> Iterator[Text]:
        if self.found.indicators:
            yield Text()
            title = mark("Signs of exploitation, with their lines")
            yield Text(self.say(title), style="bold")
        for one in self.found.indicators[:_MOST]:
            label = Text(f"  {one.cve}")
            body = Text(f"{one.log}: {plain(one.line, 2000)}")
            yield from hanging(label, body, _INDENT, self.width)


def _logins(found: LogReport, say: Speaker) -> tuple[str, ...]:
    return tuple(
        text
        for one in found.impossible_sessions
        for text in (
            logs_words.session(one, say),
            *(
                f"  {moment(at.when)}  {at.source:<24} {plain(at.protocol)}"
                for at in one.logins
            ),
        )
    )


def _networks(found: LogReport) -> tuple[str, ...]:
    return tuple(
        f"{one.network:<28} {one.failures:>9,}  ({one.sources})"
        for one in found.networks
        if one.sources > 1
    )


def _all(screen: _Screen) -> Iterable[Text]:
    yield from screen.first()
    yield from screen.rest()


def render(
    found: LogReport,
    say: Speaker | None = None,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
) -> str:
    """Return the whole text."""
    screen = _Screen(found, say or Speaker(), width, encoding)
    return printed(_all(screen), width, color=color, encoding=encoding)
