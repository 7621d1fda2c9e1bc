"""The messages of a mailbox, oldest first, as files below the store."""

from collections.abc import Iterator
from pathlib import Path


def messages(mail: Path, name: str) -> list[Path]:
    """Return the files of a mailbox's messages, in the order of their delivery."""
    return sorted((mail / "0" / name / "msg").glob("*.msg"))


def numbers(chosen: str, last: int) -> Iterator[int]:
    """Yield the messages that an IMAP sequence set names (RFC 9051, `1:3,5:*`)."""
    for part in chosen.split(","):
        ends = [last if e == "*" else int(e) for e in part.split(":") if _end(e)]
        if ends:
            low, high = min(ends), max(ends)
            yield from range(max(low, 1), min(high, last) + 1)


def _end(text: str) -> bool:
    return text == "*" or (text.isascii() and text.isdigit())
