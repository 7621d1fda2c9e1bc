"""What `nft -j list ruleset` tells, as chains and rules."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from zmward.firewall import nft_kinds, nft_matches
from zmward.firewall.nft_kinds import NotUnderstood
from zmward.firewall.nft_said import said as said_of
from zmward.firewall.ranges import Family
from zmward.firewall.rules import (
    Assumed,
    Chain,
    Hook,
    Match,
    Rule,
    Ruleset,
    Uncertain,
    Verdict,
)
from zmward.sources.source import Unreadable

FAMILIES: Final[Mapping[str, tuple[Family, ...]]] = {
    "ip": ("ipv4",),
    "ip6": ("ipv6",),
    "inet": ("ipv4", "ipv6"),
    "netdev": ("ipv4", "ipv6"),
}
# Statements after which the rule goes on, and that change nothing that is judged.
_PASSING: Final = frozenset(
    {
        *("counter", "log", "flow", "quota", "last", "masquerade", "snat", "tproxy"),
        *("dup", "ct helper", "ct timeout", "ct expectation"),
    }
)
_ENDS: Final[Mapping[str, Verdict]] = {
    "accept": "accept",
    "drop": "drop",
    "reject": "reject",
    "return": "return",
    "continue": "next",
}
_MARKS: Final = frozenset({"mark"})
_Place = tuple[str, str]


class _Sets:
    """The named sets, maps and limits of one table."""

    def __init__(self) -> None:
        self.elements: dict[str, list[Any]] = {}
        self.unknown: dict[str, str] = {}

    def __call__(self, name: str) -> Sequence[Any]:
        if name in self.unknown:
            raise NotUnderstood(self.unknown[name])
        if name not in self.elements:
            raise NotUnderstood(f"the set @{name}")
        return self.elements[name]


class _Draft(msgspec.Struct):
    """A rule while its statements are read, one after the other."""

    matches: list[Match]
    verdict: Verdict = "next"
    target: str = ""
    port: int | None = None
    marks: bool = False
    ended: bool = False
    one_family: bool = False


class _Base(msgspec.Struct):
    """A chain as nft tells it; the names of its fields are nft's."""

    family: str
    table: str
    name: str
    hook: Hook | None = None
    prio: int = 0
    policy: Literal["accept", "drop"] = "accept"
    type: str = "filter"
    dev: tuple[str, ...] = ()


def _label(value: Mapping[str, Any]) -> str:
    return f"{value.get('family', '')} {value.get('table', value.get('name', ''))}"


def _limit(inner: Any, word: str) -> Match:
    over = isinstance(inner, dict) and bool(inner.get("inv"))
    return Assumed(f"{word} {nft_kinds.text(inner)}", holds=not over)


def _dynamic(inner: Mapping[str, Any]) -> Iterator[Match]:
    """Yield what a statement that adds to a set asks: its key, and its limits."""
    key = inner.get("key", inner.get("elem"))
    if isinstance(key, dict) and "elem" in key:
        key = key["elem"]["val"]
    try:
        yield from nft_kinds.needs(key)
    except NotUnderstood:
        yield Uncertain(nft_kinds.text(inner))
    found = inner.get("stmt", ())
    for one in (found,) if isinstance(found, dict) else found:
        for word, value in one.items():
            if word in ("limit", "ct count"):
                yield _limit(value, word)


def _vmap(inner: Any, sets: _Sets) -> list[tuple[tuple[Match, ...], Any]]:
    """Return the matches and the verdict of each verdict that a map gives."""
    left, right = inner["key"], inner["data"]
    rows = sets(right[1:]) if isinstance(right, str) else right["set"]
    by_verdict: dict[bytes, tuple[Any, list[Any]]] = {}
    for key, verdict in rows:
        slot = msgspec.json.encode(verdict)
        by_verdict.setdefault(slot, (verdict, []))[1].append(key)
    return [
        (nft_matches.one(left, "==", {"set": keys}, sets), verdict)
        for verdict, keys in by_verdict.values()
    ]


def _read(statement: Any) -> tuple[str, Any]:
    """Return a statement's word and what it holds."""
    if isinstance(statement, str):
        return statement, None
    if not statement:
        raise ValueError("an empty statement")
    word, inner = next(iter(statement.items()))
    return str(word), inner


def _verdict(statement: Any) -> tuple[Verdict, str] | None:
    """Return a statement's verdict and chain, None where it is none."""
    word, inner = _read(statement)
    if word in _ENDS:
        return _ENDS[word], ""
    if word in ("jump", "goto"):
        return ("jump" if word == "jump" else "goto"), str(inner["target"])
    return None


def _match(draft: _Draft, inner: Any, sets: _Sets) -> None:
    try:
        found = nft_matches.one(
            inner["left"], inner.get("op", "=="), inner["right"], sets
        )
        if draft.one_family or nft_kinds.settled(draft.matches):
            found = nft_kinds.without_family(inner["left"], found)
        draft.matches += found
    except NotUnderstood:
        draft.matches.append(Uncertain(nft_kinds.text(inner)))


def _statement(draft: _Draft, statement: Any, sets: _Sets) -> None:
    """Let one statement say what it asks, or how the rule ends."""
    found = _verdict(statement)
    if found is not None:
        draft.verdict, draft.target = found
        draft.ended = True
        return
    word, inner = _read(statement)
    if word == "match":
        _match(draft, inner, sets)
    elif word in ("limit", "ct count"):
        draft.matches.append(_limit(inner, word))
    elif word in ("set", "map", "meter"):
        draft.matches += _dynamic(inner)
    elif word == "mangle":
        key = inner.get("key", {}) if isinstance(inner, dict) else {}
        draft.marks = draft.marks or "mark" in nft_kinds.text(key)
    elif word == "notrack":
        draft.verdict = "untrack"
    elif word == "redirect":
        _redirect(draft, inner)
    elif word not in _PASSING:
        draft.verdict, draft.target, draft.ended = "ask", word, True


def _redirect(draft: _Draft, inner: Any) -> None:
    port = inner.get("port") if isinstance(inner, dict) else None
    draft.ended = True
    if port is None or isinstance(port, int):
        draft.verdict, draft.port = "send", port
    else:
        draft.verdict, draft.target = "ask", "redirect"


def _rules(rule: Mapping[str, Any], number: int, sets: _Sets) -> Iterator[Rule]:
    """Yield a rule; a map of verdicts is one rule for each of its verdicts."""
    draft = _Draft([], one_family=rule["family"] in ("ip", "ip6"))
    said = str(rule.get("comment", ""))
    expressions = rule.get("expr", [])
    text = rule.get("said") or said_of(expressions) or nft_kinds.text(expressions)
    text = f"{said}: {text}" if said else text

    def made() -> Rule:
        return Rule(
            tuple(draft.matches),
            draft.verdict,
            draft.target,
            text,
            number,
            draft.port,
            draft.marks,
        )

    for statement in rule.get("expr", []):
        if isinstance(statement, dict) and "vmap" in statement:
            before = list(draft.matches)
            try:
                rows = _vmap(statement["vmap"], sets)
            except NotUnderstood:
                draft.verdict, draft.target = "ask", "vmap"
                break
            for matches, verdict in rows:
                found = _verdict(verdict)
                draft.matches = [*before, *matches]
                draft.verdict, draft.target = found or ("ask", "vmap")
                yield made()
            draft.matches, draft.verdict, draft.target = before, "next", ""
            continue
        _statement(draft, statement, sets)
        if draft.ended:
            break
    yield made()


def _sets(rows: Sequence[Mapping[str, Any]]) -> dict[str, _Sets]:
    found: dict[str, _Sets] = {}
    for row in rows:
        for word in ("set", "map"):
            if word not in row:
                continue
            inner = row[word]
            own = found.setdefault(_label(inner), _Sets())
            own.elements[inner["name"]] = inner.get("elem", [])
    for row in rows:
        inner = row.get("element")
        if inner is not None:
            own = found.setdefault(_label(inner), _Sets())
            own.elements.setdefault(inner["name"], []).extend(inner["elem"])
    return found


def _chain(value: Mapping[str, Any], line: int) -> Chain:
    devices = value.get("dev", ())
    devices = (devices,) if isinstance(devices, str) else tuple(devices)
    # What leaves by a device is nothing that comes in.
    hook = None if value.get("hook") == "egress" else value.get("hook")
    own = msgspec.convert(
        {**value, "hook": hook, "dev": devices, "table": _label(value)}, _Base
    )
    return Chain(
        own.table,
        own.name,
        hook=own.hook,
        priority=own.prio,
        policy=own.policy,
        kind=own.type,
        families=FAMILIES.get(own.family, ()),
        devices=own.dev,
        line=line,
    )


def _perhaps(chain: Chain, found: Sequence[Rule]) -> list[Rule]:
    """Return the rules of a chain of which nobody knows the device: any may hold.

    nft 1.0.6, for one, does not tell it in its JSON.
    """
    doubt = Uncertain(f"the device of the chain {chain.name} is not told")
    kept = [replace(rule, matches=(*rule.matches, doubt)) for rule in found]
    if chain.policy == "drop":
        kept.append(Rule((doubt,), "drop", text="policy drop", line=chain.line))
    return kept


def _translated(rows: Sequence[Mapping[str, Any]], lines: Sequence[int]) -> Ruleset:
    sets = _sets(rows)
    chains: dict[_Place, Chain] = {}
    rules: dict[_Place, list[Rule]] = {}
    for number, row in zip(lines or range(1, len(rows) + 1), rows, strict=True):
        if "chain" in row:
            chain = _chain(row["chain"], number)
            chains[chain.table, chain.name] = chain
        elif "rule" in row:
            inner = row["rule"]
            table = _label(inner)
            own = sets.setdefault(table, _Sets())
            place = (table, str(inner["chain"]))
            rules.setdefault(place, []).extend(_rules(inner, number, own))
    for place, chain in chains.items():
        if chain.hook == "ingress" and not chain.devices:
            chains[place] = replace(chain, policy="accept")
            rules[place] = _perhaps(chain, rules.get(place, []))
    strange = rules.keys() - chains.keys()
    if strange:
        raise Unreadable(f"rules of a chain that is not there: {min(strange)}")
    return Ruleset(
        {
            place: replace(chain, rules=tuple(rules.get(place, ())))
            for place, chain in chains.items()
        }
    )


def translate(rows: Sequence[Mapping[str, Any]], lines: Sequence[int] = ()) -> Ruleset:
    """Return the rule set of nft's objects; Unreadable where their shape is foreign.

    `lines` are where the objects stand in their text; else they are counted.
    """
    try:
        return _translated(rows, lines)
    except (
        msgspec.ValidationError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise Unreadable(f"not what nft tells: {error!r}"[:200]) from error


def parse(text: str) -> Ruleset:
    """Read the JSON of `nft -j list ruleset`; Unreadable for anything else."""
    try:
        rows = msgspec.json.decode(text)["nftables"]
    except (
        msgspec.DecodeError,
        UnicodeError,
        LookupError,
        TypeError,
        RecursionError,
    ) as error:
        raise Unreadable(f"not the JSON of nft: {error}") from error
    return translate(rows)
