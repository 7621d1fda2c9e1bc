"""Our own rules as a host lists them: what can be loaded again, and what they come to.

What comes and goes by itself is no part of what rules come to: bans, what limits have
counted, ends of connections that were open before, and the mark of the run that loaded
them, an empty chain.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from zmward.firewall import ufw_rules
from zmward.firewall.render_iptables import BANNED, CHAIN, OPEN
from zmward.firewall.render_nftables import TABLE
from zmward.ruleset import Backend, Rules

PARTS: Final[Mapping[Backend, tuple[str, ...]]] = {
    "nftables": ("nft",),
    "iptables": ("ipset", "v4", "v6"),
    "ufw": ("profiles", "before4", "before6", "user4", "user6"),
}
_FRAME: Final = re.compile(r"^%% ([a-z0-9]+)\n", re.MULTILINE)
# Blocks of nft's listing, which is indented by tabs.
_SET: Final = re.compile(r"^\tset (\S+) \{\n(.*?)^\t\}\n", re.MULTILINE | re.DOTALL)
_SET_BEGINS: Final = re.compile(r"^\tset (\S+) \{$", re.MULTILINE)
_ELEMENTS: Final = re.compile(r"^\t\telements = \{(.*?)\}\n", re.MULTILINE | re.DOTALL)
_FLAGS: Final = re.compile(r"^\t\t(flags .*|timeout) ?.*$", re.MULTILINE)
_MARK: Final = re.compile(r"^\tchain run-[A-Za-z0-9-]+ \{\n\t\}\n", re.MULTILINE)
# nft before 1.1.2 does not say how many elements a set has.
_COUNT: Final = re.compile(r"^(\t\tsize [0-9]+)[ \t]*# count [0-9]+$", re.MULTILINE)
_BLANK: Final = re.compile(r"\n{2,}")
_BANS: Final = tuple(
    f"{name}{digit}"
    for name in ("bans", "timed-bans", "banned-networks")
    for digit in "46"
)
# Of a set of bans, in nft's listing or in what our sets of ipset come to.
_ROOM: Final = re.compile(
    r"^(\tset (?:(?:timed-)?bans|banned-networks)[46] \{\n\t\ttype \S+\n\t\tsize "
    r"|zmward-bans[46] room )([0-9]+)",
    re.MULTILINE,
)
_SAVED_MARK: Final = re.compile(rf"^:{CHAIN}-[0-9]\S* .*\n", re.MULTILINE)
_COUNTERS: Final = re.compile(r"\[[0-9]+:[0-9]+\]")
_CREATED: Final = re.compile(
    r"create (\S+) (hash:\S+) family (\S+) .*maxelem (\d+)( timeout \d+)?"
)
_BAN_SET: Final = "zmward-bans"


# In texts for ipset and for iptables.
_BANNING: Final = re.compile(
    rf"^(?:add {_BAN_SET}[46] (\S+)|-A {BANNED} -s (\S+))", re.MULTILINE
)


class Listing(msgspec.Struct, frozen=True):
    """What the programs of a back end list of our rules, one text for each."""

    backend: Backend
    texts: tuple[str, ...]

    @classmethod
    def read(cls, backend: Backend, printed: str) -> "Listing | None":
        """Read texts below their frames; None where nothing of ours is loaded."""
        pieces = _FRAME.split(_COUNT.sub(r"\1", printed))[1:]
        found = dict(zip(pieces[::2], pieces[1::2], strict=True))
        if not found:
            return None
        return cls(backend, tuple(found.get(part, "") for part in PARTS[backend]))


def frames(backend: Backend, texts: Iterable[str]) -> str:
    """Return texts as the script reads them: each below its frame."""
    named = zip(PARTS[backend], texts, strict=True)
    return "".join(f"%% {name}\n{text}" for name, text in named)


def _without_elements(listing: str, flag: str, names: tuple[str, ...] = ()) -> str:
    """Leave out the elements of the sets that have a flag or one of some names."""

    def bare(found: re.Match[str]) -> str:
        # Where a set has a timeout of its own, nft does not list the flag.
        told = " ".join(_FLAGS.findall(found[2]))
        gone = flag in told or found[1] in names
        return _ELEMENTS.sub("", found[0]) if gone else found[0]

    return _SET.sub(bare, listing)


def _table(listing: str) -> str:
    # Who is banned is known when this is loaded, and not before.
    body = _without_elements(listing, "dynamic", _BANS)
    return f"add table inet {TABLE}\ndelete table inet {TABLE}\n{body}"


def _ours(saved: str) -> str:
    """Return the lines of a saved table that are ours, to be loaded again."""
    begins = (f":{CHAIN}", f"-A {CHAIN}", f"-A INPUT -j {CHAIN}")
    kept = [line for line in saved.splitlines() if line.startswith(begins)]
    kept = [line for line in kept if not line.startswith(f"-A {BANNED} ")]
    chains = [_COUNTERS.sub("[0:0]", line) for line in kept if line[0] == ":"]
    rules = [line for line in kept if line[0] == "-"]
    lines = ["*security", ":INPUT ACCEPT [0:0]", *chains, "-F INPUT", *rules, "COMMIT"]
    return "".join(f"{line}\n" for line in lines) if kept else ""


def _sets(saved: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield our sets: name, how each is created, and its elements."""
    members: dict[str, list[str]] = {}
    made: dict[str, str] = {}
    for line in saved.splitlines():
        words = line.split()
        created = _CREATED.match(line)
        if created:
            name, kind, family, most, ends = created.groups()
            made[name] = f"{kind} family {family} maxelem {most}{ends or ''} counters"
        elif words[:1] == ["add"] and len(words) > 2:  # noqa: PLR2004  # add SET WHAT
            members.setdefault(words[1], []).append(words[2])
    for name, kind in made.items():
        yield name, kind, sorted(members.get(name, ()))


def _filled(saved: str) -> str:
    lines: list[str] = []
    for name, kind, own in _sets(saved):
        lines.append(f"create {name} {kind} -exist")
        if name.startswith(_BAN_SET):
            continue
        lines.append(f"create {name}-new {kind} -exist")
        lines += [f"flush {name}-new", *(f"add {name}-new {word}" for word in own)]
        lines += [f"swap {name}-new {name}", f"destroy {name}-new"]
    return "".join(f"{line}\n" for line in lines)


def loadable(listing: Listing) -> Rules:
    """Return rules that put what is listed in the place of any other of ours."""
    if listing.backend == "nftables":
        return Rules("nftables", (_table(listing.texts[0]),))
    if listing.backend == "ufw":
        return Rules("ufw", ufw_rules.loadable(listing.texts))
    sets, v4, v6 = listing.texts
    return Rules("iptables", (_filled(sets), _ours(v4), _ours(v6)))


def _plain(saved: str) -> str:
    text = _SAVED_MARK.sub("", _ours(saved))
    lines = (line for line in text.splitlines() if not line.startswith(f"-A {OPEN} "))
    # Chains stand in the order in which they were made; within each it counts.
    return "\n".join(sorted(lines, key=lambda line: line.split()[:2]))


def essence(listing: Listing) -> str:
    """Return what listed rules come to, whoever loaded them and whenever."""
    if listing.backend == "nftables":
        text = _without_elements(listing.texts[0], "dynamic")
        text = _MARK.sub("", _without_elements(text, "timeout", _BANS))
        return _BLANK.sub("\n", text).strip()
    if listing.backend == "ufw":
        return ufw_rules.essence(listing.texts)
    sets = [
        f"{name} room {kind.split()[4]}"
        if name.startswith(_BAN_SET)
        else f"{name} {' '.join(own)}"
        for name, kind, own in _sets(listing.texts[0])
    ]
    return "\n".join((*sorted(sets), *map(_plain, listing.texts[1:])))


def banned_in(rules: Rules) -> tuple[str, ...]:
    """Return whom the texts of a plan ban themselves; those of ours ban nobody."""
    found: list[str] = []
    for text in rules.texts:
        for name, body in _SET.findall(text):
            own = _ELEMENTS.search(body) if name in _BANS else None
            found += own[1].split(",") if own else ()
        found += (one[1] or one[2] for one in _BANNING.finditer(text))
    words = (word.split() for word in found)
    return tuple(word[0] for word in words if word)


def comes_to(found: str, wanted: str) -> bool:
    """Say whether one essence is another's; sets of bans may have more room."""
    if found == wanted:
        return True
    pairs = zip(_ROOM.findall(found), _ROOM.findall(wanted), strict=False)
    roomy = all(int(own[1]) >= int(asked[1]) for own, asked in pairs)
    bare = (_ROOM.sub(r"\1", text) for text in (found, wanted))
    return roomy and len(set(bare)) == 1


Ends = Iterable[tuple[str, int]]


def _by_version(ends: Ends, version: int) -> list[tuple[str, int]]:
    return [end for end in ends if ipaddress.ip_address(end[0]).version == version]


def _opened_in_nft(ends: Ends) -> str:
    lines = []
    for digit in (4, 6):
        words = ", ".join(f"{ip} . {port}" for ip, port in _by_version(ends, digit))
        if words:
            lines.append(f"add element inet {TABLE} open{digit} {{ {words} }}\n")
    return "".join(lines)


def _opened_in_saved(ends: Ends, version: int) -> str:
    return "".join(
        f"-A {OPEN} -s {ip} -p tcp -m tcp --sport {port} -j ACCEPT\n"
        for ip, port in _by_version(ends, version)
    )


def _saved_with(text: str, chain: str, rules: str) -> str:
    """Return a text for iptables-restore with one chain and some rules more.

    A text without chains, of a family that is not there, stays empty.
    """
    if not text:
        return ""
    lines = text.split("\n")
    place = lines.index("-F INPUT")
    end = len(lines) - 1 - lines[::-1].index("COMMIT")
    more = rules.split("\n")[:-1]
    chains = (*lines[:place], f":{chain} - [0:0]", *lines[place:end])
    return "\n".join((*chains, *more, *lines[end:]))


def marked(rules: Rules, run: str, ends: Ends = ()) -> Rules:
    """Return rules that say which run loads them.

    `ends` are the far ends of connections that are open.
    """
    known = tuple(dict.fromkeys(ends))
    if rules.backend == "nftables":
        mark = f"add chain inet {TABLE} run-{run}\n"
        # Rules of another version may have no such set.
        known_sets = {found[1] for found in _SET_BEGINS.finditer(rules.texts[0])}
        more = _opened_in_nft(known).splitlines(keepends=True)
        held = "".join(line for line in more if line.split()[4] in known_sets)
        text = rules.texts[0] + held + mark
        return msgspec.structs.replace(rules, texts=(text,))
    if rules.backend == "ufw":
        # It tracks connections itself, and bans are rules that people give it.
        found = ufw_rules.marked(rules.texts, run)
        return msgspec.structs.replace(rules, texts=found)
    sets, v4, v6 = rules.texts
    chain = f"{CHAIN}-{run}"
    texts = (
        sets,
        _saved_with(v4, chain, _opened_in_saved(known, 4)),
        _saved_with(v6, chain, _opened_in_saved(known, 6)),
    )
    return msgspec.structs.replace(rules, texts=texts)
