"""What `ipset save` tells: the sets that rules of iptables ask, with their members."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from zmward.firewall.ranges import BITS, Family
from zmward.sources.source import Unreadable

# The kinds of which no family is kept: they hold no addresses.
_ANY_FAMILY: Final = frozenset({"bitmap:port", "hash:mac", "list:set"})
_FAMILIES: Final[Mapping[str, Family]] = {"inet": "ipv4", "inet6": "ipv6"}
_PARTS: Final = frozenset({"ip", "net", "port", "iface", "mac", "mark", "set"})
# What sets may hold besides: none of it says whether a packet is in them.
_SILENT: Final = frozenset(
    {
        *("range", "hashsize", "maxelem", "timeout", "bucketsize", "initval", "size"),
        *("packets", "bytes", "skbmark", "skbprio", "skbqueue", "family", "netmask"),
        "markmask",
    }
)
_COMMENT: Final = re.compile(r' comment "[^"]*"')
_CHANGES: Final = re.compile(r"--(?:add|del)-set (\S+)")
_WHOLE_MARK: Final = 0xFFFFFFFF


class Member(msgspec.Struct, frozen=True):
    """One member as it is written: its parts, and what it does."""

    parts: tuple[str, ...]
    nomatch: bool = False
    wildcard: bool = False


class Set(msgspec.Struct, frozen=True):
    """One set; a `doubt` says what about it is not understood.

    `parts` are what its members are made of; a family of None is any.
    """

    name: str
    method: str
    parts: tuple[str, ...]
    family: Family | None
    members: tuple[Member, ...] = ()
    netmask: int | None = None
    doubt: str = ""


class Sets(msgspec.Struct, frozen=True):
    """All sets by name; rules themselves add to the `changed` ones."""

    known: Mapping[str, Set] = {}
    changed: frozenset[str] = frozenset()

    def doubt(self, name: str) -> str:
        """Return why nobody knows what a set holds, or an empty text."""
        found = self.known.get(name)
        if found is None:
            return "its members were not told"
        if name in self.changed:
            return "rules add to it"
        return found.doubt


NO_SETS: Final = Sets()


def _options(found: list[str], flags: frozenset[str]) -> tuple[dict[str, str], str]:
    """Return options with their values; and a word that nobody knows."""
    told: dict[str, str] = {}
    place = 0
    while place < len(found):
        word = found[place]
        if word in flags:
            told[word] = ""
        elif word in _SILENT and place + 1 < len(found):
            place += 1
            told[word] = found[place]
        else:
            return told, word
        place += 1
    return told, ""


def _created(name: str, kind: str, found: list[str]) -> Set:
    method, _, rest = kind.partition(":")
    parts = tuple(rest.split(","))
    flags = frozenset({"counters", "comment", "skbinfo", "forceadd"})
    told, strange = _options(found, flags)
    family = _FAMILIES.get(told.get("family", "inet"))
    doubt = f"its option {strange}" if strange else ""
    if method not in ("hash", "bitmap", "list") or not _PARTS.issuperset(parts):
        doubt = f"its kind {kind}"
    if int(told.get("markmask", "0xffffffff"), 0) != _WHOLE_MARK:
        doubt = "its option markmask"
    mask = told.get("netmask")
    if mask is not None and not 0 <= int(mask) <= BITS[family or "ipv4"]:
        doubt = "its option netmask"
    return Set(
        name,
        method,
        parts,
        None if kind in _ANY_FAMILY else family,
        netmask=int(mask) if mask is not None else None,
        doubt=doubt,
    )


class _Draft:
    """One set while its members are read."""

    def __init__(self, made: Set) -> None:
        self.made = made
        self.members: list[Member] = []
        self.doubt = made.doubt

    def add(self, words: list[str]) -> None:
        """Take one member; one that is not understood makes the set doubtful."""
        parts = tuple(words[0].split(","))
        if len(words) == 1 and len(parts) == len(self.made.parts):
            self.members.append(Member(parts))
            return
        told, strange = _options(words[1:], frozenset({"nomatch", "wildcard"}))
        if strange or len(parts) != len(self.made.parts):
            self.doubt = f"its member {' '.join(words)[:60]}"
            return
        self.members.append(Member(parts, "nomatch" in told, "wildcard" in told))

    def done(self) -> Set:
        """Return the set with all its members."""
        return msgspec.structs.replace(
            self.made, members=tuple(self.members), doubt=self.doubt
        )


def parse(text: str) -> Mapping[str, Set]:
    """Read `ipset save`; Unreadable, with the line, for anything else."""
    drafts: dict[str, _Draft] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = (_COMMENT.sub("", line) if '"' in line else line).split()
        if not words:
            continue
        if words[0] not in ("create", "add") or len(words) < 3:  # noqa: PLR2004
            raise Unreadable(f"line {number}: not of ipset save: {line[:60]!r}")
        try:
            if words[0] == "create":
                drafts[words[1]] = _Draft(_created(words[1], words[2], words[3:]))
            elif words[1] in drafts:
                drafts[words[1]].add(words[2:])
        except ValueError as error:
            raise Unreadable(f"line {number}: {error}: {line[:60]!r}") from error
    return {name: draft.done() for name, draft in drafts.items()}


def changed(texts: Mapping[str, Set], rules: str) -> frozenset[str]:
    """Return the sets that some rules of iptables add to or take from.

    What is added to a list of sets goes into the sets that it lists.
    """
    found = set(_CHANGES.findall(rules))
    for name in tuple(found):
        one = texts.get(name)
        if one is not None and one.method == "list":
            found |= {member.parts[0] for member in one.members}
    return frozenset(found)
