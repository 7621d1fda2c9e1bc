"""The expressions of nftables' rules, as its JSON tells them, turned into matches."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from zmward.firewall.icmp import NFT4, NFT6
from zmward.firewall.nft_kinds import Kind, NotUnderstood, bits_of, kind, text
from zmward.firewall.ranges import (
    BITS,
    NOTHING,
    BadAddress,
    Family,
    Pair,
    Ranges,
    network,
    ranges,
    single,
)
from zmward.firewall.rules import (
    PROTOCOLS,
    STATES,
    TYPES,
    Assumed,
    Enters,
    Field,
    Flagged,
    Is,
    Match,
    OneOf,
)

_STATUS: Final[Mapping[str, int]] = {
    "expected": 1,
    "seen-reply": 2,
    "assured": 4,
    "confirmed": 8,
    "snat": 16,
    "dnat": 32,
    "dying": 512,
}
_PACKETS: Final[Mapping[str, int]] = {
    "host": 0,
    "unicast": 0,
    "broadcast": 1,
    "multicast": 2,
    "other": 3,
}
_VERSIONS: Final[Mapping[str, int]] = {"ipv4": 4, "ipv6": 6, "ip": 4, "ip6": 6}
_WORDS: Final[Mapping[Field, Mapping[str, int]]] = {
    "protocol": PROTOCOLS,
    "state": STATES,
    "status": _STATUS,
    "version": _VERSIONS,
    "source-type": TYPES,
    "destination-type": TYPES,
    "packet-type": _PACKETS,
}
_BITS: Final[Mapping[Field, int]] = {
    "protocol": 8,
    "source-port": 16,
    "destination-port": 16,
    "state": 7,
    "status": 16,
    "mark": 32,
    "icmp": 16,
}


def _number(text: Any, of: Kind) -> int:
    """Return one value of a field as a number."""
    if isinstance(text, bool):
        raise NotUnderstood(str(text))
    if isinstance(text, int):
        return text * 256 if of.field == "icmp" else text
    if not isinstance(text, str) or of.field is None:
        raise NotUnderstood(f"{text!r}"[:120])
    if of.field == "icmp":
        names = NFT4 if of.family == "ipv4" else NFT6
        if text in names:
            return names[text] * 256
        raise NotUnderstood(f"the ICMP type {text!r}"[:120])
    found = _WORDS.get(of.field, {}).get(text.lower())
    if found is None and text.isdecimal():
        return int(text)
    if found is None:
        raise NotUnderstood(f"{text!r} as {of.field}"[:120])
    return found


def _pair(value: Any, of: Kind) -> Pair:
    """Return one element as a pair: a value, a prefix or a range."""
    if isinstance(value, dict) and "elem" in value:
        value = value["elem"]["val"]
    if isinstance(value, dict) and "prefix" in value:
        return _prefix(value["prefix"], of)
    if isinstance(value, dict) and "range" in value:
        low, high = value["range"]
        return _pair(low, of)[0], _pair(high, of)[1]
    if of.family and of.field in ("source", "destination"):
        return _address(value, of.family)
    number = _number(value, of)
    return (number, number + 255) if of.field == "icmp" else (number, number)


def _prefix(value: Any, of: Kind) -> Pair:
    length = value["len"]
    if of.family and of.field in ("source", "destination"):
        found = ipaddress.ip_network(f"{value['addr']}/{length}", strict=False)
        return int(found.network_address), int(found.broadcast_address)
    bits = _BITS.get(of.field or "mark", 32)
    first = _number(value["addr"], of)
    return first, first | ((1 << (bits - length)) - 1)


def _address(value: Any, family: Family) -> Pair:
    try:
        found, pair = network(str(value))
    except BadAddress as error:
        raise NotUnderstood(str(error)) from error
    if found != family:
        raise NotUnderstood(f"{value!r} is no address of {family}"[:120])
    return pair


def elements(value: Any) -> list[Any]:
    """Return the single values of a right side: a list, a set, or one."""
    if isinstance(value, dict) and "set" in value:
        return elements(value["set"])
    return list(value) if isinstance(value, list) else [value]


def cells(values: Sequence[Any], of: Kind) -> Ranges:
    """Return the values of a field as one set."""
    return ranges(_pair(value, of) for value in values)


Sets = Callable[[str], Sequence[Any]]
"""Gives the elements of a named set; NotUnderstood where nobody knows them."""


def _right(value: Any, sets: Sets) -> list[Any]:
    if isinstance(value, str) and value.startswith("@"):
        return list(sets(value[1:]))
    return elements(value)


def _compared(operator: str, values: Ranges, bits: int) -> Ranges:
    """Return what lies below or above a number."""
    (low, high) = values.pairs[0]
    last = (1 << bits) - 1
    if operator == "<":
        return ranges([(0, low - 1)]) if low else NOTHING
    if operator == "<=":
        return ranges([(0, high)])
    if operator == ">":
        return ranges([(high + 1, last)]) if high < last else NOTHING
    return ranges([(low, last)])


def _flagged(operator: str, right: Any, of: Kind, sets: Sets) -> Match:
    """Return a match of TCP's flags: all of them, those of a mask, or any of some."""
    inverted = operator == "!="
    if of.mask is not None:
        return Flagged(of.mask, (bits_of(right),), inverted)
    if operator == "in":
        return Flagged(255, (bits_of(right),), any_of=True)
    if operator == "!":
        return Flagged(bits_of(right), (0,))
    several = isinstance(right, dict) and "set" in right
    if several or (isinstance(right, str) and right.startswith("@")):
        return Flagged(
            255, tuple(bits_of(one) for one in _right(right, sets)), inverted
        )
    return Flagged(255, (bits_of(right),), inverted)


def _width(of: Kind) -> int:
    if of.field in ("source", "destination"):
        return BITS[of.family or "ipv6"]
    return _BITS.get(of.field or "mark", 32)


def _masked(right: Any, of: Kind, *, inverted: bool) -> Match:
    """Return a match of a field under a mask: an unset mark, or a network."""
    if of.field == "mark" and isinstance(right, int):
        return Is("mark", single(0) if right == 0 else NOTHING, inverted)
    if of.field in ("source", "destination") and of.family and of.mask is not None:
        rest = ((1 << BITS[of.family]) - 1) & ~of.mask
        first = _address(right, of.family)[0]
        if not rest & (rest + 1):
            held = NOTHING if first & rest else ranges([(first, first + rest)])
            return Is(of.field, held, inverted)
    raise NotUnderstood(f"a masked {of.field}")


_ORDERED: Final = frozenset({"<", ">", "<=", ">="})
_COMPARING: Final = _ORDERED | {"==", "!=", "in"}


def one(left: Any, operator: str, right: Any, sets: Sets) -> tuple[Match, ...]:
    """Return the matches of one comparison, what the field needs of a packet first."""
    if isinstance(left, dict) and "concat" in left:
        return _rows(left["concat"], operator, _right(right, sets))
    if _routed(left) and right is False:
        # Only a forged source comes in where no answer to it would go out.
        return (Assumed(f"no route back: {text(left)}", holds=False),)
    of = kind(left)
    known = _COMPARING | {"!"} if of.flags else _COMPARING
    if operator not in known:
        raise NotUnderstood(f"the operator {operator!r}"[:60])
    if of.flags:
        return (*of.needs, _flagged(operator, right, of, sets))
    if of.mask is not None:
        return (*of.needs, _masked(right, of, inverted=operator == "!="))
    return (*of.needs, _plain(operator, _right(right, sets), of))


def _plain(operator: str, values: Sequence[Any], of: Kind) -> Match:
    """Return a match of one field with some values."""
    inverted = operator == "!="
    if of.entry:
        return Enters(tuple(str(value) for value in values), inverted)
    if of.field is None:
        raise NotUnderstood("a field without a name")
    found = cells(values, of)
    if operator in _ORDERED:
        found = _compared(operator, found, _width(of))
    return Is(of.field, found, inverted)


def _routed(left: Any) -> bool:
    """Say whether a match asks for the way back to the source."""
    fib = left.get("fib", {}) if isinstance(left, dict) else {}
    return "saddr" in fib.get("flags", ()) and fib.get("result") in ("oif", "oifname")


def _rows(
    parts: Sequence[Any], operator: str, values: Sequence[Any]
) -> tuple[Match, ...]:
    """Return several fields together as rows of a set."""
    kinds = [kind(part) for part in parts]
    fields: list[Any] = ["entry" if of.entry else of.field for of in kinds]
    if any(of.flags or of.mask is not None for of in kinds) or None in fields:
        raise NotUnderstood("a set of several fields")
    rows = []
    for value in values:
        inner = (
            value["elem"]["val"]
            if isinstance(value, dict) and "elem" in value
            else value
        )
        row = inner["concat"] if isinstance(inner, dict) else [inner]
        if len(row) != len(kinds):
            raise NotUnderstood("a set with rows of another length")
        rows.append(
            tuple(
                str(cell) if of.entry else cells([cell], of)
                for cell, of in zip(row, kinds, strict=True)
            )
        )
    asked = tuple(need for of in kinds for need in of.needs)
    return (*asked, OneOf(tuple(fields), tuple(rows), operator == "!="))
