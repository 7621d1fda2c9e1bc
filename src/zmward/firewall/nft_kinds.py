"""What the expressions of nftables' rules read of a packet."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from zmward.firewall.ranges import Family, ranges, single
from zmward.firewall.rules import FLAGS, PROTOCOLS, Field, Is, Match

_FLAGS: Final = {**FLAGS, "ECN": FLAGS["ECE"]}


class NotUnderstood(Exception):  # it only leads to an uncertain match
    """An expression has a shape whose meaning is not known here."""


class Kind(msgspec.Struct, frozen=True):
    """What an expression reads of a packet, and what it needs of it.

    `entry` is the name of the interface; `flags` are TCP's, a masked field of bits.
    """

    field: Field | None = None
    entry: bool = False
    flags: bool = False
    needs: tuple[Match, ...] = ()
    family: Family | None = None
    mask: int | None = None


def _needs(*protocols: str) -> tuple[Match, ...]:
    numbers = ranges((PROTOCOLS[name], PROTOCOLS[name]) for name in protocols)
    return (Is("protocol", numbers),)


_V4: Final = (Is("version", single(4)),)
_V6: Final = (Is("version", single(6)),)
_PORTED: Final = ("tcp", "udp", "sctp", "dccp", "udplite")
_PAYLOADS: Final[Mapping[tuple[str, str], Kind]] = {
    ("ip", "saddr"): Kind("source", needs=_V4, family="ipv4"),
    ("ip", "daddr"): Kind("destination", needs=_V4, family="ipv4"),
    ("ip", "protocol"): Kind("protocol", needs=_V4),
    ("ip", "version"): Kind("version", needs=_V4),
    ("ip6", "saddr"): Kind("source", needs=_V6, family="ipv6"),
    ("ip6", "daddr"): Kind("destination", needs=_V6, family="ipv6"),
    ("ip6", "nexthdr"): Kind("protocol", needs=_V6),
    ("ip6", "version"): Kind("version", needs=_V6),
    ("ip", "ttl"): Kind("hop-limit", needs=_V4),
    ("ip6", "hoplimit"): Kind("hop-limit", needs=_V6),
    # nft itself adds the family where no match before has settled it.
    ("icmp", "type"): Kind("icmp", needs=(*_V4, *_needs("icmp")), family="ipv4"),
    ("icmpv6", "type"): Kind("icmp", needs=(*_V6, *_needs("icmpv6")), family="ipv6"),
    ("tcp", "flags"): Kind(flags=True, needs=_needs("tcp")),
    ("th", "sport"): Kind("source-port"),
    ("th", "dport"): Kind("destination-port"),
    **{(name, "sport"): Kind("source-port", needs=_needs(name)) for name in _PORTED},
    **{
        (name, "dport"): Kind("destination-port", needs=_needs(name))
        for name in _PORTED
    },
}
_METAS: Final[Mapping[str, Kind]] = {
    "l4proto": Kind("protocol"),
    "nfproto": Kind("version"),
    "protocol": Kind("version"),
    "iifname": Kind(entry=True),
    "iif": Kind(entry=True),
    "mark": Kind("mark"),
    "pkttype": Kind("packet-type"),
}
_TRACKED: Final[Mapping[str, Kind]] = {
    "state": Kind("state"),
    "status": Kind("status"),
    "mark": Kind("mark"),
}


def kind(left: Any) -> Kind:
    """Return what the left side of a match reads; NotUnderstood for others."""
    if not isinstance(left, dict) or len(left) != 1:
        raise NotUnderstood(str(left))
    word, inner = next(iter(left.items()))
    found: Kind | None = None
    if word == "payload" and isinstance(inner, dict) and "protocol" in inner:
        found = _PAYLOADS.get((inner["protocol"], inner.get("field", "")))
    elif word == "meta" and isinstance(inner, dict):
        found = _METAS.get(inner.get("key", ""))
    elif word == "ct" and isinstance(inner, dict) and "dir" not in inner:
        found = _TRACKED.get(inner.get("key", ""))
    elif word == "fib" and isinstance(inner, dict) and inner.get("result") == "type":
        flags = inner.get("flags")
        flags = [flags] if isinstance(flags, str) else flags
        ends: Mapping[str, Field] = {
            "daddr": "destination-type",
            "saddr": "source-type",
        }
        if isinstance(flags, list) and len(flags) == 1 and flags[0] in ends:
            found = Kind(ends[flags[0]])
    elif word == "&" and isinstance(inner, list) and len(inner) == 2:  # noqa: PLR2004
        found = msgspec.structs.replace(kind(inner[0]), mask=bits_of(inner[1]))
    if found is None:
        raise NotUnderstood(msgspec.json.encode(left).decode()[:120])
    return found


def needs(left: Any) -> tuple[Match, ...]:
    """Return what a packet must have so that a field of it can be read."""
    parts = left["concat"] if isinstance(left, dict) and "concat" in left else [left]
    bare = (_unmasked(part) for part in parts)
    return tuple(need for part in bare for need in kind(part).needs)


def _unmasked(left: Any) -> Any:
    masked = isinstance(left, dict) and isinstance(left.get("&"), list) and left["&"]
    return left["&"][0] if masked else left


def settled(matches: Sequence[Match]) -> bool:
    """Say whether some matches have settled the family of a packet."""
    return any(isinstance(m, Is) and m.field == "version" for m in matches)


def without_family(left: Any, found: tuple[Match, ...]) -> tuple[Match, ...]:
    """Return the matches of ICMP's types where the family is settled already."""
    bare = _unmasked(left)
    payload = bare.get("payload", {}) if isinstance(bare, dict) else {}
    if payload.get("protocol") not in ("icmp", "icmpv6"):
        return found
    return tuple(m for m in found if not settled((m,)))


def bits_of(value: Any) -> int:
    """Return a mask: of TCP's flags, of an address, or a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.upper() in _FLAGS:
        return _FLAGS[value.upper()]
    if isinstance(value, str) and (":" in value or "." in value):
        return _mask(value)
    if isinstance(value, list):
        return sum(bits_of(one) for one in value)
    if isinstance(value, dict) and "|" in value:
        return sum({bits_of(one) for one in _flat(value)})
    raise NotUnderstood(f"a mask of {value!r}"[:120])


def _mask(text: str) -> int:
    try:
        return int(ipaddress.ip_address(text))
    except ValueError as error:
        raise NotUnderstood(f"a mask of {text!r}"[:120]) from error


def _flat(value: Any) -> Iterator[Any]:
    """Yield the parts of nested alternatives of bits."""
    if isinstance(value, dict) and "|" in value:
        for one in value["|"]:
            yield from _flat(one)
    else:
        yield value


def text(expression: Any) -> str:
    """Return what messages say of an expression."""
    return msgspec.json.encode(expression).decode("utf-8", "replace")[:160]
