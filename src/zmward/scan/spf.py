"""SPF records (RFC 7208): their terms, and how many lookups they cost a receiver."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.scan.names import Answered, of, plain

MOST: Final = 10
_DEPTH: Final = 12
_TERM: Final = re.compile(r"([+?~-]?)([a-z][a-z0-9_.-]*)([:=/]?)(.*)", re.IGNORECASE)
_ASKING: Final = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_MECHANISMS: Final = _ASKING - {"redirect"} | {"all", "ip4", "ip6"}
_TERMS: Final = 128


class Term(msgspec.Struct, frozen=True):
    """One mechanism or modifier, with what it says of senders that match."""

    qualifier: str
    name: str
    value: str = ""


class Cost(msgspec.Struct, frozen=True):
    """How many lookups a record asks for; `known` is False where some are not seen."""

    lookups: int
    known: bool = True


def records(answer: Answered) -> tuple[str, ...] | None:
    """Return the SPF records among TXT records; None where nobody knows."""
    if answer.values is None:
        return None
    return tuple(
        text
        for text in answer.values
        if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")
    )


def terms(record: str) -> tuple[Term, ...]:
    """Return the terms of a record in their order; what is none is left out."""
    matches = (_TERM.fullmatch(word) for word in record.split()[1 : _TERMS + 1])
    return tuple(
        Term(match[1] or "+", match[2].lower(), match[4]) for match in matches if match
    )


def faults(record: str) -> Iterator[str]:
    """Yield what no receiver can read: a permanent error, so no protection."""
    for word in record.split()[1 : _TERMS + 1]:
        match = _TERM.fullmatch(word)
        if match is None:
            yield f"{word[:60]!r} is no term of SPF"
        elif match[3] != "=" and match[2].lower() not in _MECHANISMS:
            yield f"{word[:60]!r} is no mechanism of SPF"


def references(record: str) -> tuple[str, ...]:
    """Return the names whose records belong to this one; macros are not resolved."""
    return tuple(
        plain(term.value)
        for term in terms(record)
        if term.name in ("include", "redirect") and term.value and "%" not in term.value
    )


def hollow(record: str, answers: Iterable[Answered]) -> tuple[str, ...]:
    """Return the names that are taken in and have no record: a permanent error."""
    kept = tuple(answers)
    found = ((name, records(of(kept, name, "TXT"))) for name in references(record))
    return tuple(name for name, inner in found if inner == ())


def _inner(name: str, answers: tuple[Answered, ...]) -> str | None:
    found = records(of(answers, name, "TXT"))
    return found[0] if found else None


def last(record: str, answers: Iterable[Answered]) -> Term | None:
    """Return the word on everybody else: `all`, here or where the record goes on.

    A `redirect` that is returned leads to what is not known.
    """
    kept, end = tuple(answers), None
    for _ in range(_DEPTH):
        found = terms(record)
        if every := next((term for term in found if term.name == "all"), None):
            return every
        end = next((term for term in found if term.name == "redirect"), None)
        inner = _inner(end.value, kept) if end else None
        if inner is None:
            break
        record = inner
    return end


def everybody(record: str, answers: Iterable[Answered]) -> str:
    """Return the term by which all the world may send, here or taken in; else empty."""
    kept, ahead, seen = tuple(answers), [record], 0
    while ahead and seen <= MOST:
        here = ahead.pop(0)
        seen += 1
        for term in terms(here):
            wide = term.name in ("ip4", "ip6") and term.value.endswith("/0")
            if term.qualifier == "+" and (wide or term.name == "all"):
                return f"{term.name}:{term.value}" if wide else "+all"
        ahead += filter(None, (_inner(name, kept) for name in references(here)))
    return ""


def cost(
    record: str, answers: Iterable[Answered], within: tuple[str, ...] = ()
) -> Cost:
    """Count the lookups of a record and of those that it takes in."""
    kept, found, known = tuple(answers), 0, True
    for term in terms(record):
        if term.name == "all":
            break  # nothing after it is looked at
        if term.name in _ASKING:
            found += 1
    for name in references(record):
        if name in within or len(within) >= _DEPTH:
            return Cost(MOST + 1)  # a circle never ends
        inner = records(of(kept, name, "TXT"))
        if inner is None:
            known = False
        elif inner:
            more = cost(inner[0], kept, (*within, name))
            found, known = found + more.lookups, known and more.known
        if found > MOST:
            break
    return Cost(found, known)
