"""The terms of SPF records, read strictly (RFC 7208, 7.1 and 12).

What no receiver can read is a permanent error, by which a whole record is lost.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

# A record has at most as many as fit into the text that is kept of it.
_TERMS: Final = 1024
_SHOWN: Final = 60
_MODIFIER: Final = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE)
_MECHANISM: Final = re.compile(r"([+?~-]?)([a-z][a-z0-9]*)([:/].*)?", re.IGNORECASE)
_LENGTH: Final = r"(0|[1-9]\d{0,2})"
_HOST: Final = re.compile(rf"(?::(.+?))?(?:/{_LENGTH})?(?://{_LENGTH})?")
_NETWORK: Final = re.compile(rf":([^/]+)(?:/{_LENGTH})?")
_MACRO_LAST: Final = re.compile(r".*%\{[^%{}]*\}")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
_TEXT: Final = re.compile(
    r"(?:[\x21-\x24\x26-\x7e]|%[%_-]|%\{[slodiphcrtv](?:[1-9]\d*)?r?[.+,/_=-]*\})*",
    re.IGNORECASE,
)
_LATE: Final = re.compile(r"%\{[crt]", re.IGNORECASE)


class Term(msgspec.Struct, frozen=True):
    """One mechanism or modifier, with what it says of senders that match.

    `value` is its domain or address; `four` and `six` are the lengths of prefixes, None
    where they are left to the usual ones.
    """

    qualifier: str
    name: str
    value: str = ""
    four: int | None = None
    six: int | None = None


def _number(word: str | None) -> int | None:
    return None if word is None else int(word)


def _domain(value: str) -> bool:
    """Say whether a text is a domain-spec: macros may stand in it, or end it."""
    if not _TEXT.fullmatch(value) or _LATE.search(value):
        return False
    if _MACRO_LAST.fullmatch(value):
        return True
    start, dot, label = value.removesuffix(".").rpartition(".")
    last = bool(_LABEL.fullmatch(label)) and not label.isdigit()
    return bool(start and dot) and last


def _hosts(qualifier: str, name: str, rest: str) -> Term | None:
    """Read `a` and `mx`: a domain and two lengths, each of which may be missing."""
    match = _HOST.fullmatch(rest)
    if match is None or (match[1] is not None and not _domain(match[1])):
        return None
    term = Term(qualifier, name, match[1] or "", _number(match[2]), _number(match[3]))
    return term if (term.four or 0) <= 32 and (term.six or 0) <= 128 else None  # noqa: PLR2004  # the lengths of addresses


def _network(qualifier: str, name: str, rest: str) -> Term | None:
    """Read `ip4` and `ip6`: an address, and a length that may be missing."""
    match = _NETWORK.fullmatch(rest)
    if match is None or "%" in match[1]:
        return None
    length = _number(match[2])
    kind = ipaddress.IPv4Address if name == "ip4" else ipaddress.IPv6Address
    try:
        most = kind(match[1]).max_prefixlen
    except ValueError:
        return None
    if length is not None and length > most:
        return None
    lengths = (length, None) if name == "ip4" else (None, length)
    return Term(qualifier, name, match[1], *lengths)


def _named(qualifier: str, name: str, rest: str) -> Term | None:
    """Read `include` and `exists`, which need a domain."""
    good = rest[:1] == ":" and _domain(rest[1:])
    return Term(qualifier, name, rest[1:]) if good else None


def _pointer(qualifier: str, name: str, rest: str) -> Term | None:
    return _named(qualifier, name, rest) if rest else Term(qualifier, name)


def _bare(qualifier: str, name: str, rest: str) -> Term | None:
    return None if rest else Term(qualifier, name)


_MECHANISMS: Final[dict[str, Callable[[str, str, str], Term | None]]] = {
    "all": _bare,
    "include": _named,
    "exists": _named,
    "ptr": _pointer,
    "a": _hosts,
    "mx": _hosts,
    "ip4": _network,
    "ip6": _network,
}


def _modifier(name: str, value: str) -> Term | None:
    if name == "redirect":
        return Term("", name, value) if _domain(value) else None
    if name == "exp":
        return Term("", name, value) if _domain(_LATE.sub("%{d", value)) else None
    # Any other is passed over, also one that is called like a mechanism.
    return Term("", f"{name}=", value) if _TEXT.fullmatch(value) else None


def _words(record: str) -> list[str]:
    """Return the words: only spaces part them."""
    return [word for word in record.split(" ") if word][1 : _TERMS + 1]


def _term(word: str) -> Term | None:
    if match := _MODIFIER.fullmatch(word):
        return _modifier(match[1].lower(), match[2])
    match = _MECHANISM.fullmatch(word)
    if match is None or match[2].lower() not in _MECHANISMS:
        return None
    name = match[2].lower()
    return _MECHANISMS[name](match[1] or "+", name, match[3] or "")


def terms(record: str) -> tuple[Term, ...]:
    """Return the terms of a record in their order; what is none is left out."""
    found = (_term(word) for word in _words(record))
    return tuple(term for term in found if term is not None)


def effective(record: str) -> tuple[Term, ...]:
    """Return the terms that count: none after `all`, and then no redirect either."""
    found = terms(record)
    end = next((n for n, term in enumerate(found) if term.name == "all"), None)
    if end is None:
        return found
    return tuple(term for term in found[: end + 1] if term.name != "redirect")


def faults(record: str) -> Iterator[str]:
    """Yield what no receiver can read in one record."""
    found = [(word, _term(word)) for word in _words(record)]
    for word, term in found:
        if term is None:
            yield f"{word[:_SHOWN]!r} is no term of SPF"
    for name in ("redirect", "exp"):
        if sum(term is not None and term.name == name for _, term in found) > 1:
            yield f"{name}= stands there twice"
