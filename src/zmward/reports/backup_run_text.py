"""What a backup run stored: for the terminal, and as JSON."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec
from rich.text import Text

from zmward.backups.judged import size
from zmward.backups.run import BackupRun, Piece
from zmward.i18n import Speaker, mark
from zmward.reports.lines import hanging, printed
from zmward.reports.plain import plain

_INDENT: Final = 4
_SIGNS: Final = {
    "failed": ("✗", "bold red"),
    "empty": ("·", "bright_black"),
    "stored": ("✓", "bold green"),
}
_ACCOUNT: Final = "account-"
_MOST: Final = 20


def document(told: BackupRun) -> str:
    """Return the run as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(told)).decode() + "\n"


def _row(piece: Piece, width: int) -> Iterator[Text]:
    sign, style = _SIGNS[piece.outcome]
    words = [piece.name]
    if piece.outcome == "stored":
        words.append(size(piece.bytes))
    if piece.counts:
        words.append(", ".join(f"{n} {kind}" for kind, n in piece.counts.items()))
    if piece.text:
        words.append(piece.text)
    yield from hanging(
        Text(f"  {sign}", style=style), Text(plain(": ".join(words))), _INDENT, width
    )


def render(
    told: BackupRun,
    say: Speaker | None = None,
    *,
    width: int = 80,
    color: bool = False,
    encoding: str = "utf-8",
) -> str:
    """Return the run as text: accounts as a number, but for those that failed."""
    say, width = say or Speaker(), max(width, 40)
    title = say(mark("run {run} into {copy}: {size} in {seconds:.0f} s")).format(
        run=told.run, copy=told.copy, size=size(told.bytes), seconds=told.seconds
    )
    lines = [*hanging(Text(), Text(title, style="bold"), 0, width)]
    accounts = [p for p in told.pieces if p.name.startswith(_ACCOUNT)]
    for piece in told.pieces:
        if piece not in accounts:
            lines += _row(piece, width)
    counts = Counter[str](piece.outcome for piece in accounts)
    if accounts:
        text = say(
            mark("accounts: {stored} stored, {empty} without content, {failed} failed")
        )
        shown = text.format(**{word: counts[word] for word in _SIGNS})
        lines += hanging(Text(), Text(f"    {shown}"), 0, width)
    failed = [piece for piece in accounts if piece.outcome == "failed"]
    for piece in failed[:_MOST]:
        lines += _row(piece, width)
    if len(failed) > _MOST:
        more = say(mark("and {count} more")).format(count=len(failed) - _MOST)
        lines.append(Text(f"    {more}"))
    return printed(lines, width, color=color, encoding=encoding)
