"""Which packets a set of ipset holds, as matches: `-m set --match-set NAME src,dst`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from zmward.firewall.icmp import IPTABLES4, IPTABLES6
from zmward.firewall.ipset import Member, Set, Sets
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
    AnyOf,
    Cell,
    Column,
    Field,
    Is,
    Match,
    OneOf,
    Uncertain,
)
from zmward.sources.source import Unreadable

_TCP_OR_UDP: Final = ranges((PROTOCOLS[name],) * 2 for name in ("tcp", "udp"))
_WITH_PORTS: Final = frozenset(
    PROTOCOLS[name] for name in ("tcp", "udp", "sctp", "udplite")
)
_ICMP: Final = {PROTOCOLS["icmp"]: IPTABLES4, PROTOCOLS["icmpv6"]: IPTABLES6}
_HIGHEST: Final = 65535
_BYTE: Final = 255
_MOST_LISTED: Final = 64
_Key = tuple[Cell, ...]
_DIRECTIONS: Final = frozenset({"src", "dst"})


class _NotUnderstood(Exception):  # it becomes Uncertain
    """What a member of a set means nobody knows."""


def _fields(part: str, direction: str) -> tuple[Column, ...]:
    """Return the fields of a packet that a part of a member is compared with."""
    source = direction == "src"
    if part in ("ip", "net"):
        return ("source" if source else "destination",)
    if part == "port":
        return ("protocol", "source-port" if source else "destination-port", "icmp")
    return ("entry",) if part == "iface" else ("mark",)


def _address(text: str, found: Set) -> Pair:
    try:
        family, pair = network(text)
    except BadAddress as error:
        raise _NotUnderstood(str(error)) from error
    if family != found.family:
        raise _NotUnderstood(f"{text} is of the other family")
    if found.netmask is None:
        return pair
    size = 1 << (BITS[family] - found.netmask)
    return pair[0] // size * size, pair[0] // size * size + size - 1


def _icmp(protocol: int, text: str) -> Ranges:
    kind, _, code = text.partition("/")
    if code:
        return single(_number(kind, _BYTE) * 256 + _number(code, _BYTE))
    named = _ICMP[protocol].get(text)
    if named is None:
        raise _NotUnderstood(f"ICMP's {text}")
    # A set holds one type with one code; where a name means any, it is code 0.
    return single(named[0] * 256 + (named[1] or 0))


def _port(text: str) -> tuple[Cell, Cell, Cell]:
    """Return protocol, port and ICMP's type of `tcp:25`, `icmp:8/0`, `esp:0`, `25`."""
    name, colon, number = text.rpartition(":")
    if not colon:
        return _TCP_OR_UDP, single(_number(number, _HIGHEST)), None
    protocol = PROTOCOLS.get(name)
    if protocol is None:
        protocol = _number(name, _BYTE)
    if protocol in _ICMP:
        return single(protocol), None, _icmp(protocol, number)
    if protocol in _WITH_PORTS:
        return single(protocol), single(_number(number, _HIGHEST)), None
    if number != "0":
        raise _NotUnderstood(f"a port of {name}")
    return single(protocol), None, None


def _number(text: str, highest: int) -> int:
    try:
        found = int(text, 0)
    except ValueError as error:
        raise _NotUnderstood(f"{text} is no number") from error
    if not 0 <= found <= highest:
        raise _NotUnderstood(f"{text} is no such number")
    return found


def _cells(part: str, text: str, member: Member) -> tuple[Cell, ...]:
    match part:
        case "port":
            return _port(text)
        case "mark":
            return (single(_number(text, 0xFFFFFFFF)),)
        case "iface" if not text.startswith("physdev:"):
            return (f"{text}*" if member.wildcard else text,)
        case "mac":
            return (f"the hardware address {text}",)
    raise _NotUnderstood(f"{text} of a bridge")


class _Table:
    """The members of a set as rows, of which one column of addresses is joined."""

    def __init__(self, found: Set, directions: Sequence[str]) -> None:
        self.found = found
        self.joined = self._column(directions)
        pairs = list(zip(found.parts, directions, strict=False))
        spans = [_fields(part, direction) for part, direction in pairs]
        # The joined column comes last: the others are the key of its rows.
        if self.joined is not None:
            spans.append(spans.pop(self.joined))
        self.fields = tuple(field for span in spans for field in span)

    def _column(self, directions: Sequence[str]) -> int | None:
        """Return the column to join: a source, and networks where `nomatch` counts."""
        parts = self.found.parts
        nets = [n for n, part in enumerate(parts) if part == "net"]
        addresses = [n for n, part in enumerate(parts) if part in ("ip", "net")]
        if any(member.nomatch for member in self.found.members):
            wild = any(member.wildcard for member in self.found.members)
            if len(nets) != 1 or wild:
                raise _NotUnderstood("nomatch among several networks or interfaces")
            return nets[0]
        own = [n for n in addresses if directions[n] == "src"]
        return next(iter(own or addresses), None)

    def rows(self) -> Iterator[_Key]:
        """Yield the rows, as few as there can be."""
        if self.joined is None:
            for key in dict.fromkeys(self._key(m) for m in self.found.members):
                yield key
            return
        kept: dict[_Key, dict[int, tuple[list[Pair], list[Pair]]]] = {}
        for member in self.found.members:
            pair = _address(member.parts[self.joined], self.found)
            sizes = kept.setdefault(self._key(member), {})
            # The smallest network that holds an address decides.
            own = sizes.setdefault(pair[1] - pair[0], ([], []))
            own[member.nomatch].append(pair)
        for key, sizes in kept.items():
            yield (*key, _decided(sizes))

    def _key(self, member: Member) -> _Key:
        found: list[Cell] = []
        for place, (part, text) in enumerate(
            zip(self.found.parts, member.parts, strict=True)
        ):
            if place == self.joined:
                continue
            if part in ("ip", "net"):
                found.append(ranges((_address(text, self.found),)))
            else:
                found += _cells(part, text, member)
        return tuple(found)


def _decided(sizes: dict[int, tuple[list[Pair], list[Pair]]]) -> Ranges:
    if not any(left_out for _, left_out in sizes.values()):
        return ranges(pair for held, _ in sizes.values() for pair in held)
    found = NOTHING
    for _, (held, left_out) in sorted(sizes.items(), reverse=True):
        found = (found | ranges(held)) - ranges(left_out)
    return found


def _made(found: Set, directions: Sequence[str], *, inverted: bool) -> Match:
    """Return the match of one set that is no list."""
    for part, direction in zip(found.parts, directions, strict=False):
        # No packet that comes in has an interface by which it goes out.
        if part == "iface" and direction == "dst":
            return Is("protocol", NOTHING, inverted)
    table = _Table(found, directions)
    rows = tuple(table.rows())
    if table.fields in (("source",), ("destination",)):
        values = ranges(pair for row in rows for pair in _pairs(row[0]))
        only: Field = "source" if table.fields == ("source",) else "destination"
        return Is(only, values, inverted)
    return OneOf(table.fields, rows, inverted)


def _pairs(cell: Cell) -> Iterable[Pair]:
    return cell.pairs if isinstance(cell, Ranges) else ()


def _listed(
    found: Set, sets: Sets, directions: Sequence[str], family: Family, text: str
) -> Iterator[Match]:
    for member in found.members[:_MOST_LISTED]:
        yield _one(member.parts[0], sets, directions, family, text, inverted=False)
    if len(found.members) > _MOST_LISTED:
        yield Uncertain(f"{text}: more than {_MOST_LISTED} sets in a list")


def _one(
    name: str,
    sets: Sets,
    directions: Sequence[str],
    family: Family,
    text: str,
    *,
    inverted: bool,
) -> Match:
    doubt = sets.doubt(name)
    if doubt:
        return Uncertain(f"{text}: the set {name}: {doubt}")
    found = sets.known[name]
    # The kernel asks no set of another family, nor one with more parts than told.
    other = found.family is not None and found.family != family
    if other or len(found.parts) > len(directions):
        return Is("protocol", NOTHING, inverted)
    try:
        if found.method == "list":
            inner = tuple(_listed(found, sets, directions, family, text))
            return AnyOf(inner, inverted)
        return _made(found, directions, inverted=inverted)
    except _NotUnderstood as error:
        return Uncertain(f"{text}: the set {name}: {error}")


def match_set(
    values: Sequence[str], sets: Sets, family: Family, text: str, *, inverted: bool
) -> Match:
    """Return what `--match-set NAME src,dst` asks; what is not understood says why."""
    if not values:
        raise Unreadable("--match-set has no value")
    name, directions = values[0], values[1].split(",") if len(values) > 1 else []
    if len(values) != 2 or not _DIRECTIONS.issuperset(directions):  # noqa: PLR2004
        return Uncertain(text)
    return _one(name, sets, directions, family, text, inverted=inverted)
