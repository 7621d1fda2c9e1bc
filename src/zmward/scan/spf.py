"""SPF records (RFC 7208): whom they let send, and how many lookups they cost."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.scan import spf_terms
from zmward.scan.names import Answered, of, plain
from zmward.scan.spf_terms import Term, effective

MOST: Final = 10
_DEPTH: Final = 12
_VISITS: Final = 24
_ASKING: Final = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
# An eighth of all IPv4 addresses, or what the registry of a continent has of IPv6: no
# site sends from so many.
_WIDE: Final[dict[int, int]] = {4: 1 << 29, 6: 1 << 116}
# A name that holds none of these is the same for every sender.
_OF_SENDER: Final = re.compile(r"%\{[sloiph]", re.IGNORECASE)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Cost(msgspec.Struct, frozen=True):
    """How many lookups a record asks for; `known` is False where some are not seen."""

    lookups: int
    known: bool = True


class _Visit(msgspec.Struct, frozen=True):
    """One record on the way; `name` is empty for the first.

    `opening` are the qualifiers by which it lets senders in, or leaves them neutral.
    """

    name: str
    record: str
    opening: frozenset[str]


def records(answer: Answered) -> tuple[str, ...] | None:
    """Return the SPF records among TXT records; None where nobody knows."""
    if answer.values is None:
        return None
    return tuple(
        text
        for text in answer.values
        if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")
    )


def _taken_in(record: str) -> Iterator[Term]:
    """Yield the terms that name another record, whose name is known without a mail."""
    for term in effective(record):
        if term.name in ("include", "redirect") and "%" not in term.value:
            yield term


def references(record: str) -> tuple[str, ...]:
    """Return the names whose records belong to this one; macros are not resolved."""
    return tuple(plain(term.value) for term in _taken_in(record))


def _inner(name: str, answers: tuple[Answered, ...]) -> str | None:
    found = records(of(answers, name, "TXT"))
    return found[0] if found else None


def _visits(record: str, answers: tuple[Answered, ...]) -> Iterator[_Visit]:
    """Yield a record and those that it takes in, as far as they are known.

    Of an included record only what passes counts, and only where the include opens.
    """
    ahead = [_Visit("", record, frozenset("+?"))]
    seen = set[tuple[str, frozenset[str]]]()
    while ahead and len(seen) < _VISITS:
        here = ahead.pop(0)
        if (here.name, here.opening) in seen:
            continue
        seen.add((here.name, here.opening))
        yield here
        for term in _taken_in(here.record):
            opening = here.opening
            if term.name == "include":
                opening = frozenset("+" if term.qualifier in opening else "")
            name = plain(term.value)
            inner = _inner(name, answers)
            if inner is not None:
                ahead.append(_Visit(name, inner, opening))


def faults(record: str, answers: Iterable[Answered] = ()) -> Iterator[str]:
    """Yield what no receiver can read, here or where the record goes on."""
    yield from dict.fromkeys(_faults(record, tuple(answers)))


def _faults(record: str, answers: tuple[Answered, ...]) -> Iterator[str]:
    for visit in _visits(record, answers):
        for fault in spf_terms.faults(visit.record):
            yield f"{visit.name}: {fault}" if visit.name else fault
        for name in references(visit.record):
            found = records(of(answers, name, "TXT"))
            if found is not None and len(found) != 1:
                yield f"{name} is taken in and has {len(found) or 'no'} records"


def doubts(record: str, answers: Iterable[Answered]) -> Iterator[str]:
    """Yield the terms of which only a mail tells what they let in."""
    yield from dict.fromkeys(_doubts(record, tuple(answers)))


def _doubts(record: str, answers: tuple[Answered, ...]) -> Iterator[str]:
    for visit in _visits(record, answers):
        for term in effective(visit.record):
            text = f"{term.name} of {term.value[:60]}"
            if term.name in ("include", "redirect") and "%" in term.value:
                why = "which record that is depends on the mail"
                if not _OF_SENDER.search(term.value):
                    why = "the record behind this macro was not looked at"
                yield f"{text}: {why}"
            fixed = term.name == "exists" and not _OF_SENDER.search(term.value)
            if fixed and term.qualifier in visit.opening:
                yield f"{text}: it lets in everybody or nobody"


def last(record: str, answers: Iterable[Answered]) -> Term | None:
    """Return the word on everybody else: `all`, here or where the record goes on.

    A `redirect` that is returned leads to what is not known.
    """
    kept, end = tuple(answers), None
    for _ in range(_DEPTH):
        found = effective(record)
        if every := next((term for term in found if term.name == "all"), None):
            return every
        end = next((term for term in found if term.name == "redirect"), None)
        inner = _inner(plain(end.value), kept) if end else None
        if inner is None:
            break
        record = inner
    return end


def _network(term: Term) -> Network | None:
    """Return the network of ip4 or ip6."""
    if term.name == "ip4":
        length = 32 if term.four is None else term.four
        return ipaddress.IPv4Network((term.value, length), strict=False)
    if term.name == "ip6":
        length = 128 if term.six is None else term.six
        return ipaddress.IPv6Network((term.value, length), strict=False)
    return None


def _around(term: Term) -> int:
    """Return how many IPv4 addresses `a` or `mx` takes in around each that it finds."""
    wide = term.name in ("a", "mx") and term.four is not None
    return 1 << (32 - term.four) if wide and term.four is not None else 0


def _wide(term: Term) -> bool:
    """Say whether one term alone lets in too many, whatever its addresses are."""
    four = 32 if term.four is None else term.four
    six = 128 if term.six is None else term.six
    return 1 << (32 - four) >= _WIDE[4] or 1 << (128 - six) >= _WIDE[6]


def _text(term: Term) -> str:
    where = f":{term.value}" if term.value else ""
    four = "" if term.four is None else f"/{term.four}"
    six = "" if term.six is None else f"/{term.six}"
    return f"{term.name}{where}{four}{'/' if six and term.name != 'ip6' else ''}{six}"


def _sum(networks: Iterable[Network], version: int) -> int:
    own = [one for one in networks if one.version == version]
    # Of one version they are of one type, which the annotation does not know.
    whole = ipaddress.collapse_addresses(own)  # type: ignore[type-var]
    return sum(one.num_addresses for one in whole)


def everybody(record: str, answers: Iterable[Answered]) -> str:
    """Say by which terms all the world may send, or a large part of it; else empty."""
    networks: dict[Network, str] = {}
    around: dict[str, int] = {}
    for visit in _visits(record, tuple(answers)):
        for term in effective(visit.record):
            if term.qualifier not in visit.opening:
                continue
            if term.name == "all" and term.qualifier == "+":
                return "+all: everybody may send"
            if _wide(term):
                return f"{_text(term)}: everybody may send, or a large part"
            if network := _network(term):
                networks[network] = _text(term)
            elif size := _around(term):
                around[_text(term)] = size
    for version, limit in _WIDE.items():
        known = {networks[n]: n.num_addresses for n in networks if n.version == version}
        # The networks around hosts are taken to lie apart from all others.
        more = around if version == 4 else {}  # noqa: PLR2004  # IPv4
        if _sum(networks, version) + sum(more.values()) >= limit:
            sizes = known | more
            largest = max(sizes, key=lambda one: sizes[one])
            return f"{largest} and others: a large part of all may send"
    return ""


def cost(
    record: str, answers: Iterable[Answered], within: tuple[str, ...] = ()
) -> Cost:
    """Count the lookups of a record and of those that it takes in."""
    kept, known = tuple(answers), True
    found = sum(term.name in _ASKING for term in effective(record))
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
