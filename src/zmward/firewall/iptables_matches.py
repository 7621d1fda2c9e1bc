"""The matches of iptables' rules, module by module; what is not known is uncertain."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from zmward.firewall.icmp import IPTABLES4, IPTABLES6
from zmward.firewall.ipset import NO_SETS, Sets
from zmward.firewall.ipset_matches import match_set
from zmward.firewall.ranges import (
    NOTHING,
    PORTS,
    BadAddress,
    Family,
    Pair,
    Ranges,
    network,
    ranges,
    single,
)
from zmward.firewall.rules import (
    FLAGS,
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
    Uncertain,
)
from zmward.sources.source import Unreadable

# Options whose value may begin with a dash, or hold anything.
_ONE_VALUE: Final = frozenset({"--comment", "--log-prefix", "--nflog-prefix"})
_STATUS: Final = {
    "NONE": 0,
    "EXPECTED": 1,
    "SEEN_REPLY": 2,
    "ASSURED": 4,
    "CONFIRMED": 8,
}
_PACKETS: Final = {"unicast": 0, "host": 0, "broadcast": 1, "multicast": 2}


class Option(msgspec.Struct, frozen=True):
    """One option of a rule with its values; `module` is the last one named by -m."""

    name: str
    values: tuple[str, ...]
    inverted: bool = False
    module: str = ""

    @property
    def text(self) -> str:
        """Return the option as it was written."""
        mark = ("!",) if self.inverted else ()
        return " ".join((*mark, self.name, *self.values))

    @property
    def value(self) -> str:
        """Return its first value; Unreadable where there is none."""
        if not self.values:
            raise Unreadable(f"{self.name} has no value")
        return self.values[0]


def words(line: str) -> Sequence[str]:
    """Split a line as iptables-restore does: quotes and backslashes are rare."""
    if '"' not in line and "'" not in line and "\\" not in line:
        return line.split()
    try:
        return shlex.split(line)
    except ValueError as error:
        raise Unreadable(f"{error}: {line[:60]!r}") from error


def options(tokens: Sequence[str]) -> Iterator[Option]:
    """Yield the options of a rule in their order."""
    place, module = 0, ""
    while place < len(tokens):
        inverted = tokens[place] == "!"
        place += inverted
        if place >= len(tokens) or not tokens[place].startswith("-"):
            raise Unreadable(f"not an option: {' '.join(tokens[place : place + 3])!r}")
        name, end = tokens[place], place + 1
        if name in _ONE_VALUE:
            end += 1
        while name not in _ONE_VALUE and end < len(tokens):
            if tokens[end].startswith("-") or tokens[end] == "!":
                break
            end += 1
        values = tuple(tokens[place + 1 : end])
        if name in ("-m", "--match"):
            module = values[0] if values else ""
            if module in _BY_NAME:
                yield Option(name, values, inverted, module)
        else:
            yield Option(name, values, inverted, module)
        place = end


def addresses(text: str, family: Family) -> Ranges:
    """Return the addresses of a list of them; Unreadable for another family's."""
    found: list[Pair] = []
    for word in text.split(","):
        try:
            kind, pair = network(word)
        except BadAddress as error:
            raise Unreadable(str(error)) from error
        if kind != family:
            raise Unreadable(f"{word!r} is no address of {family}")
        found.append(pair)
    return ranges(found)


def port_pairs(text: str, separator: str = ":") -> Iterator[Pair]:
    """Yield the pairs of `25,80:90`; ports are told as numbers."""
    for word in text.split(","):
        first, colon, last = word.partition(separator)
        low = first or "0"
        high = (last or "65535") if colon else low
        if not low.isdecimal() or not high.isdecimal() or int(low) > int(high):
            raise Unreadable(f"{word[:40]!r} is no port and no range of ports")
        yield int(low), int(high)


def _ports(field: Field) -> Callable[[Option, Family], Match]:
    def read(option: Option, family: Family) -> Match:
        del family
        return Is(field, ranges(port_pairs(option.value)), option.inverted)

    return read


def _either_port(option: Option, family: Family) -> Match:
    del family
    found = ranges(port_pairs(option.value))
    fields: tuple[Field, ...] = ("source-port", "destination-port")
    return OneOf(fields, ((found, PORTS), (PORTS, found)), option.inverted)


def _sources(option: Option, family: Family) -> Match:
    return Is("source", addresses(option.value, family), option.inverted)


def _destinations(option: Option, family: Family) -> Match:
    return Is("destination", addresses(option.value, family), option.inverted)


def _protocol(option: Option, family: Family) -> Match:
    name = option.value.lower()
    if name in ("all", "0"):
        return Is("protocol", Ranges(((0, 255),)), option.inverted)
    number = int(name) if name.isdecimal() else PROTOCOLS.get(name)
    # Older kernels' ip6tables looks behind AH, for what it protects.
    if number is None or (number == PROTOCOLS["ah"] and family == "ipv6"):
        return Uncertain(option.text)
    return Is("protocol", single(number), option.inverted)


def _enters(option: Option, family: Family) -> Match:
    del family
    name = option.value
    pattern = f"{name[:-1]}*" if name.endswith("+") else name
    return Enters((pattern,), option.inverted)


def _mask(text: str) -> int:
    if text == "ALL":
        return 63
    if text == "NONE":
        return 0
    try:
        return sum(FLAGS[word] for word in text.split(","))
    except KeyError as error:
        raise Unreadable(f"{text[:40]!r} are no flags of TCP") from error


def _flags(option: Option, family: Family) -> Match:
    del family
    if option.name == "--syn":
        return Flagged(_mask("SYN,RST,ACK,FIN"), (FLAGS["SYN"],), option.inverted)
    if len(option.values) != 2:  # noqa: PLR2004  # which count, which are set
        raise Unreadable(f"{option.text[:60]!r} takes two lists of flags")
    wanted = (_mask(option.values[1]),)
    return Flagged(_mask(option.values[0]), wanted, option.inverted)


def _states(option: Option, family: Family) -> Match:
    del family
    wanted = [word.lower() for word in option.value.split(",")]
    # Whether an address was translated is no state of its own here.
    if {"snat", "dnat"} & set(wanted):
        return Uncertain(option.text)
    try:
        found = ranges((STATES[w], STATES[w]) for w in wanted)
    except KeyError as error:
        raise Unreadable(f"{option.value[:40]!r} is no state") from error
    return Is("state", found, option.inverted)


def _icmp(option: Option, family: Family) -> Match:
    names = IPTABLES4 if family == "ipv4" else IPTABLES6
    name, _, code = option.value.partition("/")
    if name == "any" or (family == "ipv4" and name == "255"):
        return Is("icmp", Ranges(((0, 65535),)), option.inverted)
    if name in names:
        kind, own = names[name]
    elif name.isdecimal():
        kind, own = int(name), None
    else:
        return Uncertain(option.text)
    if code:
        if not code.isdecimal():
            return Uncertain(option.text)
        own = int(code)
    pair = (kind * 256, kind * 256 + 255) if own is None else (kind * 256 + own,) * 2
    return Is("icmp", Ranges((pair,)), option.inverted)


def _marked(option: Option, family: Family) -> Match:
    del family
    value, _, mask = option.value.partition("/")
    try:
        number = int(value, 0)
        int(mask or "0", 0)
    except ValueError as error:
        raise Unreadable(f"{option.value[:40]!r} is no mark") from error
    # The field is 0, or not known: only a match of 0, under any mask, can hold.
    holds = NOTHING if number else single(0)
    return Is("mark", holds, option.inverted)


def _types(field: Field) -> Callable[[Option, Family], Match]:
    def read(option: Option, family: Family) -> Match:
        del family
        found = [TYPES.get(word.lower()) for word in option.value.split(",")]
        known = [number for number in found if number is not None]
        if len(known) < len(found):
            return Uncertain(option.text)
        return Is(field, ranges((n, n) for n in known), option.inverted)

    return read


def _packets(option: Option, family: Family) -> Match:
    del family
    number = _PACKETS.get(option.value)
    if number is None:
        return Uncertain(option.text)
    return Is("packet-type", single(number), option.inverted)


def _fragment(option: Option, family: Family) -> Match:
    del family
    return Is("fragment", single(1), option.inverted)


def _extension(option: Option, family: Family) -> Match:
    """Ask for a header of IPv6 that the judged packets do not have."""
    del family
    return Is("extension", Ranges(((0, 255),)), option.inverted)


def _hops(option: Option, family: Family) -> Match:
    del family
    if not option.value.isdecimal():
        return Uncertain(option.text)
    return Is("hop-limit", single(int(option.value)), option.inverted)


def _range(field: Field) -> Callable[[Option, Family], Match]:
    def read(option: Option, family: Family) -> Match:
        return Is(field, addresses(option.value, family), option.inverted)

    return read


def _first(option: Option, *, holds: bool) -> Match:
    return Assumed(option.text, holds != option.inverted)


def _always(option: Option, family: Family) -> Match:
    del family
    return _first(option, holds=True)


def _never(option: Option, family: Family) -> Match:
    del family
    return _first(option, holds=False)


# Modules that ask something by their name alone, for a header or what only the kernel
# knows; of what others ask, their options tell.
_HEADERS: Final = frozenset({"frag", "rt", "hbh", "dst", "mh"})
_BY_NAME: Final = frozenset({"ah", "eui64", "socket", "rpfilter", "unclean", *_HEADERS})


def _named(option: Option, family: Family) -> Match:
    if option.module == "ah":
        # ip6tables sees it as a header before what it protects; nft, as a protocol.
        return Is("protocol", single(PROTOCOLS["ah"]), option.inverted)
    if option.module in _HEADERS:
        return _extension(option, family)
    return Uncertain(option.text)


_Reader = Callable[[Option, Family], Match]
_READERS: Final[Mapping[str, _Reader]] = {
    **dict.fromkeys(("-s", "--source", "--src"), _sources),
    **dict.fromkeys(("-d", "--destination", "--dst"), _destinations),
    **dict.fromkeys(("-m", "--match"), _named),
    **dict.fromkeys(("-p", "--protocol", "--proto"), _protocol),
    **dict.fromkeys(("-i", "--in-interface"), _enters),
    **dict.fromkeys(("--sport", "--source-port", "--sports"), _ports("source-port")),
    "--source-ports": _ports("source-port"),
    **dict.fromkeys(("--dport", "--destination-port"), _ports("destination-port")),
    **dict.fromkeys(("--dports", "--destination-ports"), _ports("destination-port")),
    "--ports": _either_port,
    **dict.fromkeys(("--tcp-flags", "--syn"), _flags),
    **dict.fromkeys(("--state", "--ctstate"), _states),
    **dict.fromkeys(("--icmp-type", "--icmpv6-type"), _icmp),
    "--mark": _marked,
    "--src-type": _types("source-type"),
    "--dst-type": _types("destination-type"),
    "--pkt-type": _packets,
    **dict.fromkeys(("-f", "--fragment"), _fragment),
    **dict.fromkeys(("--rt-type", "--fragid", "--header"), _extension),
    **dict.fromkeys(("--hl-eq", "--ttl-eq"), _hops),
    "--src-range": _range("source"),
    "--dst-range": _range("destination"),
    **dict.fromkeys(("--limit", "--hashlimit-upto", "--hashlimit"), _always),
    **dict.fromkeys(("--connlimit-upto", "--set"), _always),
    **dict.fromkeys(("--hashlimit-above", "--connlimit-above"), _never),
    **dict.fromkeys(("--rcheck", "--update", "--remove"), _never),
}
# Words that only belong to another option, or that match nothing.
_SILENT: Final = frozenset(
    {
        *("--comment", "--limit-burst", "--hashlimit-burst", "--hashlimit-mode"),
        *("--hashlimit-name", "--hashlimit-srcmask", "--hashlimit-dstmask"),
        *("--hashlimit-htable-size", "--hashlimit-htable-max"),
        *("--hashlimit-htable-expire", "--hashlimit-htable-gcinterval"),
        *("--hashlimit-rate-match", "--hashlimit-rate-interval"),
        *("--connlimit-mask", "--connlimit-saddr", "--connlimit-daddr", "--seconds"),
        *("--hitcount", "--name", "--rsource", "--rdest", "--mask", "--reap", "--rttl"),
        *("--update-counters", "--update-subcounters"),
    }
)
_SET: Final = "--match-set"
# These turn what a set says round, or count: with them nobody can tell.
_SET_ODD: Final = ("--return-nomatch", "--packets-", "--bytes-")
# One name, another meaning: which module it was named for decides.
_MODULES: Final[Mapping[str, frozenset[str]]] = {
    "--mark": frozenset({"mark", "connmark"}),
    "--set": frozenset({"recent"}),
    "--name": frozenset({"recent"}),
    "--limit": frozenset({"limit"}),
}


def is_match(option: Option) -> bool:
    """Say whether an option behind the target is a match, not the target's own."""
    return option.name in _READERS or option.name == _SET


def matches(
    found: Sequence[Option], family: Family, sets: Sets = NO_SETS
) -> Iterator[Match]:
    """Yield what the options of a rule ask of a packet."""
    odd = any(option.name.startswith(_SET_ODD) for option in found)
    for option in found:
        modules = _MODULES.get(option.name)
        if modules is not None and option.module not in modules:
            yield Uncertain(f"-m {option.module} {option.text}")
        elif option.name == _SET and not odd:
            asked, text = option.values, option.text
            yield match_set(asked, sets, family, text, inverted=option.inverted)
        elif option.name in _READERS:
            yield _READERS[option.name](option, family)
        elif option.name not in _SILENT:
            yield Uncertain(f"-m {option.module} {option.text}".replace("-m  ", ""))
