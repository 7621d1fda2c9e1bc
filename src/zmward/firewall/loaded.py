"""Which rules are loaded, or stand in a file: recognised by their text."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from zmward.firewall import ipset, iptables, nft, nft_text
from zmward.firewall.ranges import Family
from zmward.firewall.retold import hidden, retold
from zmward.firewall.rules import Chain, Ruleset
from zmward.sources.source import Unreadable

# A line that only iptables-save prints.
SAVED: Final = re.compile(r"^\*[a-z]+\s*$", re.MULTILINE)


class Loaded(msgspec.Struct, frozen=True):
    """All loaded chains, and why there may be more than these."""

    rules: Ruleset
    missing: tuple[str, ...] = ()


def recognised(text: str, family: Family) -> Ruleset:
    """Read a rule set in whatever of the three languages it is written.

    What iptables-save prints is of one family: the one that is asked for.
    """
    if text.lstrip().startswith("{"):
        return nft.parse(text)
    if SAVED.search(text):
        return iptables.parse(text, family)
    return nft_text.parse(text)


def joined(rulesets: Iterable[Ruleset]) -> Ruleset:
    """Return the chains of several rule sets as one."""
    chains: dict[tuple[str, str], Chain] = {}
    for ruleset in rulesets:
        chains |= ruleset.chains
    return Ruleset(chains)


def _renamed(ruleset: Ruleset, prefix: str) -> Ruleset:
    """Set the tables of another back end apart from those of nftables."""
    return Ruleset(
        {
            (f"{prefix} {table}", name): msgspec.structs.replace(
                chain, table=f"{prefix} {table}"
            )
            for (table, name), chain in ruleset.chains.items()
        }
    )


def sections(answer: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of the source `firewall`: a back end, and what it printed."""
    name, lines = "", list[str]()
    for line in answer.splitlines():
        if line.startswith("> "):
            if name:
                yield name, "\n".join(lines)
            name, lines = line[2:], []
        elif name:
            lines.append(line)
        else:
            raise Unreadable(f"no back end before {line[:60]!r}")
    if name:
        yield name, "\n".join(lines)


def _sets(text: str, answer: str) -> ipset.Sets:
    """Return the sets of ipset; what cannot be read leaves its rules in doubt."""
    try:
        known = ipset.parse(text)
    except Unreadable:
        return ipset.NO_SETS
    return ipset.Sets(known, ipset.changed(known, answer))


def _saved(name: str, text: str, sets: ipset.Sets) -> Ruleset | None:
    """Read one of iptables' sections; None where there is no table."""
    words = name.split()
    if len(words) != 2 or words[1] not in ("legacy", "nft"):  # noqa: PLR2004
        return None
    if not SAVED.search(text):
        said = [one for one in text.split("\n") if one and one[0] != "#"]
        if said:
            raise Unreadable(f"{name}: no table in it: {said[0][:60]!r}")
        return None
    family: Family = "ipv6" if words[0].startswith("ip6") else "ipv4"
    told = iptables.parse(text, family, sets)
    return _renamed(told, "legacy") if words[1] == "legacy" else told


def live(answer: str) -> Loaded:
    """Read what the source `firewall` answered: every back end's own text."""
    found = dict(sections(answer))
    if not found:
        raise Unreadable("no back end was asked")
    missing = tuple(
        name.removeprefix("missing ") for name in found if name.startswith("missing ")
    )
    sets = _sets(found.get("ipset", ""), answer)
    read = {name: _saved(name, text, sets) for name, text in found.items()}
    saved = {name: one for name, one in read.items() if one is not None}
    if "nft" not in found:
        return Loaded(joined(saved.values()), missing)
    words = joined(one for name, one in saved.items() if name.endswith(" nft"))
    legacy = (one for name, one in saved.items() if name.endswith(" legacy"))
    rows = hidden(found["nft"])
    native = retold(nft.parse(found["nft"]), rows, words.chains)
    return Loaded(joined((*legacy, native)), missing)
