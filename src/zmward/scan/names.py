"""Questions to the domain name system, and answers that tell absent from unknown."""

from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec

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
    """Return the tags of `v=DMARC1; p=none`: names in lower case, the first counts."""
    found: dict[str, str] = {}
    for part in text.split(";")[:64]:
        name, mark, value = part.partition("=")
        if mark:
            found.setdefault(name.strip().lower(), value.strip())
    return found
