"""Questions to the domain name system, and answers that tell absent from unknown."""

from collections.abc import Iterable
from typing import Final, Literal, Protocol

import msgspec

_TAGS: Final = 64
Kind = Literal["A", "AAAA", "MX", "TXT", "PTR", "TLSA", "CAA", "NS"]


class Answered(msgspec.Struct, frozen=True):
    """What one question brought: no value means absent, None that nobody knows.

    `secure`: the resolver says that it has proved the answer (DNSSEC's AD bit).
    """

    name: str
    kind: Kind
    values: tuple[str, ...] | None
    secure: bool = False
    trouble: str = ""


class Names(Protocol):
    """The way to a resolver."""

    def ask(self, name: str, kind: Kind) -> Answered:
        """Return every record of a kind, none, or that nobody knows."""


def plain(name: str) -> str:
    """Return a name as all are compared: lower case, without the last dot."""
    return name.lower().rstrip(".")


def of(answers: Iterable[Answered], name: str, kind: Kind) -> Answered:
    """Return the answer to one question; unknown where it was not asked."""
    wanted = plain(name)
    for one in answers:
        if one.kind == kind and plain(one.name) == wanted:
            return one
    return Answered(name, kind, None, trouble="it was not asked")


def tags(text: str) -> dict[str, str]:
    """Return the tags of `v=DMARC1; p=none` in their order; of two the first counts.

    Names are told apart by their case (RFC 6376, 3.2).
    """
    found: dict[str, str] = {}
    for part in text.split(";")[:_TAGS]:
        name, mark, value = part.partition("=")
        if mark:
            found.setdefault(name.strip(), value.strip())
    return found


def repeated(text: str) -> str:
    """Return a tag that stands there twice, by which all of them are void; else empty.

    RFC 6376, 3.2.
    """
    names = [part.partition("=")[0].strip() for part in text.split(";")[:_TAGS]]
    return next((name for name in names if name and names.count(name) > 1), "")
