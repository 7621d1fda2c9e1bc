"""What iptables-save and ip6tables-save tell, as chains and rules."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec.structs import replace

from zmward.firewall.ipset import NO_SETS, Sets
from zmward.firewall.iptables_matches import (
    Option,
    addresses,
    is_match,
    matches,
    options,
    words,
)
from zmward.firewall.ranges import Family
from zmward.firewall.rules import Chain, Hook, Is, Rule, Ruleset, Verdict
from zmward.sources.source import Unreadable

_HOOKS: Final[Mapping[str, Hook]] = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}
_PRIORITIES: Final = {
    "raw": -300,
    "mangle": -150,
    "nat": -100,
    "filter": 0,
    "security": 50,
}
_NAT_INPUT: Final = 100
_ENDS: Final[Mapping[str, Verdict]] = {
    "ACCEPT": "accept",
    "DROP": "drop",
    "REJECT": "reject",
    "RETURN": "return",
    "TARPIT": "drop",
    "NOTRACK": "untrack",
}
# Targets after which the next rule is asked.
_PASSING: Final = frozenset(
    {
        *(
            "LOG",
            "NFLOG",
            "ULOG",
            "MARK",
            "CONNMARK",
            "SET",
            "TCPMSS",
            "TRACE",
            "AUDIT",
        ),
        *("CHECKSUM", "CLASSIFY", "DSCP", "TOS", "TTL", "HL", "SECMARK", "CONNSECMARK"),
        *("TCPOPTSTRIP", "IDLETIMER", "LED", "RATEEST", "HMARK", "SNAT", "MASQUERADE"),
        *("NETMAP", "TEE"),
    }
)
_MARKING: Final = frozenset({"MARK", "CONNMARK", "CLASSIFY", "HMARK"})


# A rule as iptables-save tells it that asks for a source: its head, that, and the rest.
_SOURCE: Final = re.compile(r"""(-A [^\s"'\\]+) -s ([^\s"'\\]+) ((?:-|! ).*)""")
_TARGETS: Final = frozenset({"-j", "--jump", "-g", "--goto"})
_Action = tuple[Verdict, str, int | None]


def _chain(table: str, line: str, number: int, family: Family) -> Chain:
    if not table:
        raise Unreadable(f"outside of a table: {line[:60]!r}")
    name, _, policy = line[1:].partition(" ")
    policy = policy.partition(" ")[0]
    hook = _HOOKS.get(name) if policy != "-" else None
    priority = _PRIORITIES.get(table, 0)
    if table == "nat" and hook == "input":
        priority = _NAT_INPUT
    return Chain(
        _table(table, family),
        name,
        hook=hook,
        priority=priority,
        policy="drop" if policy == "DROP" else "accept",
        kind="nat" if table == "nat" else "filter",
        families=(family,),
        line=number,
    )


def _table(table: str, family: Family) -> str:
    return f"{'ip' if family == 'ipv4' else 'ip6'} {table}"


def _redirect(own: Sequence[Option]) -> _Action:
    """Return where a redirected packet goes: the same host, perhaps another port."""
    ports = [o.value for o in own if o.name == "--to-ports"]
    if not ports:
        return "send", "", None
    return ("send", "", int(ports[0])) if ports[0].isdecimal() else ("ask", "", None)


def _action(option: Option, own: Sequence[Option], known: AbstractSet[str]) -> _Action:
    """Return verdict, chain and port of a target with its own options."""
    name = option.value
    if option.name in ("-g", "--goto"):
        return "goto", name, None
    if name in known:
        return "jump", name, None
    if name in _PASSING:
        return "next", "", None
    if name == "REDIRECT":
        return _redirect(own)
    if name == "CT":
        blind = any(o.name == "--notrack" for o in own)
        return ("untrack" if blind else "next"), "", None
    return _ENDS.get(name, "ask"), name, None


def _rule(
    bare: str, known: AbstractSet[str], family: Family, sets: Sets
) -> tuple[str, Rule]:
    """Read one rule without its counters; return it with the name of its chain."""
    found = tuple(options(words(bare)))
    if not found or found[0].name not in ("-A", "--append"):
        raise Unreadable(f"not a rule of iptables-save: {bare[:60]!r}")
    chain = found[0].value
    if chain not in known:
        raise Unreadable(f"there is no chain {chain[:60]!r}")
    place = next((n for n, o in enumerate(found) if o.name in _TARGETS), len(found))
    behind = found[place + 1 :]
    asked = (*found[1:place], *(o for o in behind if is_match(o)))
    action: _Action = ("next", "", None)
    marks = False
    if place < len(found):
        own = tuple(o for o in behind if not is_match(o))
        action = _action(found[place], own, known)
        marks = found[place].value in _MARKING
    verdict, target, port = action
    asks = tuple(matches(asked, family, sets))
    return chain, Rule(asks, verdict, target, port=port, marks=marks)


class _Reader:
    """Reads the rules of one table; what many share but their source is read once."""

    def __init__(self, family: Family, sets: Sets) -> None:
        self._family = family
        self._sets = sets
        self.known: set[str] = set()
        self._seen: dict[tuple[str, str], tuple[str, Rule]] = {}

    def declare(self, chain: str) -> None:
        """Know a chain from here on: a target of its name is a jump from now on."""
        self.known.add(chain)
        self._seen.clear()

    def rule(self, line: str, number: int) -> tuple[str, Rule]:
        """Return a rule with the name of its chain; ValueError, Unreadable."""
        bare = line.partition("] ")[2] if line.startswith("[") else line
        found = _SOURCE.fullmatch(bare)
        if not found:
            chain, rule = _rule(bare, self.known, self._family, self._sets)
            return chain, replace(rule, text=line, line=number)
        head, source, rest = found.groups()
        match = Is("source", addresses(source, self._family))
        alike = head, rest
        if alike not in self._seen:
            told = " ".join(alike)
            self._seen[alike] = _rule(told, self.known, self._family, self._sets)
        chain, rule = self._seen[alike]
        asks = (match, *rule.matches)
        verdict, target, port = rule.verdict, rule.target, rule.port
        return chain, Rule(asks, verdict, target, line, number, port, rule.marks)


def _flushed(line: str, known: AbstractSet[str]) -> str:
    """Return the chain that a line empties."""
    found = line.split()
    if len(found) != 2 or found[1] not in known:  # noqa: PLR2004  # -F CHAIN
        raise Unreadable(f"there is no chain to empty: {line[:60]!r}")
    return found[1]


def _named(line: str) -> str:
    if line == "*":
        raise Unreadable("a table without a name")
    return line[1:]


def _ended(table: str) -> None:
    """Refuse a table that nothing ends: the text was cut off."""
    if table:
        raise Unreadable(f"the table {table[:40]} has no COMMIT: it is cut off")


def parse(text: str, family: Family, sets: Sets = NO_SETS) -> Ruleset:
    """Read the text of iptables-save; Unreadable, with the line, for anything else.

    `sets` are those of ipset that its rules ask.
    """
    chains: dict[tuple[str, str], Chain] = {}
    rules: dict[tuple[str, str], list[Rule]] = {}
    reader = _Reader(family, sets)
    table = ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        try:
            if line.startswith("*"):
                _ended(table)
                table, reader = _named(line), _Reader(family, sets)
            elif line == "COMMIT":
                table = ""
            elif line.startswith(":"):
                chain = _chain(table, line, number, family)
                chains[chain.table, chain.name] = chain
                reader.declare(chain.name)
                rules[chain.table, chain.name] = []
            elif line.startswith(("-F ", "--flush ")):
                rules[_table(table, family), _flushed(line, reader.known)] = []
            else:
                name, rule = reader.rule(line, number)
                rules[_table(table, family), name].append(rule)
        except (Unreadable, ValueError) as error:
            raise Unreadable(f"line {number}: {error}") from error
    _ended(table)
    if not chains:
        raise Unreadable("no table in it: not the text of iptables-save")
    return Ruleset(
        {
            place: replace(chain, rules=tuple(rules[place]))
            for place, chain in chains.items()
        }
    )
