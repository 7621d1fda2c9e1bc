"""Packet filters that are loaded now, as iptables-save and nft tell them."""

import json
import re
from itertools import pairwise
from typing import Any, Literal

import msgspec

from zmward.sources.source import Snippet, Source, Unreadable

Family = Literal["ipv4", "ipv6"]

_POLICY = re.compile(r":(\S+) (ACCEPT|DROP|REJECT|QUEUE|-)(?: .*)?")
_DROPS = ("DROP", "REJECT", "TARPIT", "QUEUE", "NFQUEUE")
# iptables-nft hides its own targets, REJECT among them, behind `xt`.
_NFT_DROPS = {"drop", "reject", "queue", "xt"}
_FAMILIES: dict[str, tuple[Family, ...]] = {
    "ip": ("ipv4",),
    "ip6": ("ipv6",),
    "inet": ("ipv4", "ipv6"),
    "netdev": ("ipv4", "ipv6"),
}


class Filter(msgspec.Struct, frozen=True):
    """One loaded rule set: what it does with a packet that no rule takes."""

    place: str
    families: tuple[Family, ...]
    policies: tuple[str, ...] = ()
    rules: int = 0
    drops: bool = False


def _saved(place: str, family: Family, text: list[str]) -> Filter | None:
    """Read one table set of iptables-save; None where nothing is in it."""
    policies, rules, drops = [], 0, False
    table = ""
    for line in text:
        policy = _POLICY.fullmatch(line)
        if line.startswith("*"):
            table = line[1:]
        elif policy:
            if table == "filter" and policy[1] == "INPUT":
                policies.append(policy[2].lower())
            drops = drops or (table == "filter" and policy[2] in _DROPS)
        elif line.startswith(("-A ", "[")):
            rules += 1
            words = line.split()
            for flag, target in pairwise(words):
                drops = drops or (flag in ("-j", "-g") and target in _DROPS)
        elif line and not line.startswith("#") and line != "COMMIT":
            raise Unreadable(f"{place}: not a line of iptables-save: {line[:60]!r}")
    if not table:
        return None
    return Filter(place, (family,), tuple(policies), rules, drops)


def _statements(value: Any) -> set[str]:
    """Return every key of nested statements: a drop may stand inside a map."""
    if isinstance(value, dict):
        inner = (_statements(one) for one in value.values())
        return set(value).union(*inner)
    if isinstance(value, list):
        return set().union(*(_statements(one) for one in value))
    return set()


def _nft(text: str) -> list[Filter]:
    try:
        rows = json.loads(text)["nftables"]
        chains = [row["chain"] for row in rows if "chain" in row]
        rules = [row["rule"] for row in rows if "rule" in row]
        tables = [row["table"] for row in rows if "table" in row]
        maps = [row["map"] for row in rows if "map" in row]
        found = []
        for table in tables:
            place = (table["family"], table["name"])
            own = [r for r in rules if (r["family"], r["table"]) == place]
            base = [c for c in chains if (c["family"], c["table"]) == place]
            policies = tuple(c.get("policy", "") for c in base if "hook" in c)
            entry = tuple(
                c.get("policy", "accept") for c in base if c.get("hook") == "input"
            )
            # A verdict may stand in a named map.
            named = [m for m in maps if (m["family"], m["table"]) == place]
            words = _statements([*(r.get("expr", []) for r in own), *named])
            found.append(
                Filter(
                    f"nft {place[0]} {place[1]}",
                    _FAMILIES.get(place[0], ()),
                    entry,
                    len(own),
                    "drop" in policies or bool(_NFT_DROPS & words),
                )
            )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"nft: not a rule set: {error}") from error
    return found


class Firewall(msgspec.Struct, frozen=True):
    """All loaded rule sets, and the back ends that could not be asked."""

    filters: tuple[Filter, ...] = ()
    unasked: tuple[str, ...] = ()

    def of(self, family: Family) -> tuple[Filter, ...]:
        """Return what filters a family."""
        return tuple(one for one in self.filters if family in one.families)


def parse(answer: str) -> Firewall:
    """Read sections: `> nft`, `> iptables legacy`, … each with its program's text."""
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in answer.splitlines():
        if line.startswith("> "):
            current = sections.setdefault(line[2:], [])
        elif current is None:
            raise Unreadable(f"firewall: no back end before {line[:60]!r}")
        else:
            current.append(line)
    if not sections:
        raise Unreadable("firewall: no back end was asked")
    filters: list[Filter] = []
    unasked = []
    for place, text in sections.items():
        if place.startswith("missing "):
            unasked.append(place.removeprefix("missing "))
        elif place == "ipset":
            continue
        elif place == "nft":
            filters += _nft("\n".join(text))
        else:
            family: Family = "ipv6" if place.startswith("ip6") else "ipv4"
            saved = _saved(place, family, [line.strip() for line in text])
            filters += [saved] if saved else []
    return Firewall(tuple(filters), tuple(unasked))


FIREWALL = Source(
    name="firewall",
    about="Packet filters that are loaded: nftables, iptables' tables, sets of ipset.",
    question=Snippet(
        r"""
# Asking iptables-legacy where no table exists would load its modules: the kernel's
# list of tables says first whether there is anything to ask.
for family in ip ip6; do
    # A file below /proc says that it is empty even where it is not.
    [ -n "$(cat "/proc/net/${family}_tables_names" 2>/dev/null)" ] || continue
    program=
    for name in "${family}tables-legacy-save" "${family}tables-save"; do
        [ -n "$program" ] || ! command -v "$name" >/dev/null 2>&1 || program=$name
    done
    if [ -n "$program" ]; then
        printf '> %stables legacy\n' "$family"
        limit "$program" || return
    else
        printf '> missing %stables-save\n' "$family"
    fi
done
if command -v nft >/dev/null 2>&1; then
    rules=$(limit nft -j list ruleset) || return
    printf '> nft\n%s\n' "$rules"
    # nft hides what iptables' own matches ask; its own program tells. What it cannot
    # tell either stays hidden.
    case $rules in *'"xt"'*)
        for name in iptables-nft-save ip6tables-nft-save; do
            command -v "$name" >/dev/null 2>&1 || continue
            saved=$(limit "$name" 2>/dev/null) || continue
            printf '> %s nft\n%s\n' "${name%-nft-save}" "$saved"
        done ;;
    esac
elif command -v iptables-nft-save >/dev/null 2>&1; then
    printf '> iptables nft\n'
    limit iptables-nft-save || return
    printf '> ip6tables nft\n'
    limit ip6tables-nft-save || return
    printf '> missing nft\n'
elif grep -q '^nf_tables ' /proc/modules 2>/dev/null; then
    printf '> missing nft\n'
else
    printf '> iptables none\n'
fi
# Asked while nothing has ever used a set, the program would load the kernel's module.
if [ -d /sys/module/ip_set ] && command -v ipset >/dev/null 2>&1; then
    saved=$(limit ipset save 2>/dev/null) && printf '> ipset\n%s\n' "$saved"
fi
:
"""
    ),
    parse=parse,
)
