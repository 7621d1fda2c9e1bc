"""One rule in nft's own language, turned into the statements of its JSON."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from zmward.firewall.nft_values import (
    ENDS,
    Statement,
    Unknown,
    elements,
    flags_of,
    one,
    value,
)
from zmward.firewall.nft_words import Words
from zmward.sources.source import Unreadable

_SIGNS: Final[Mapping[str, str]] = {
    **{sign: sign for sign in ("==", "!=", "<", ">", "<=", ">=")},
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "gt": ">",
    "le": "<=",
    "ge": ">=",
}
_PAYLOADS: Final = frozenset(
    {"ip", "ip6", "tcp", "udp", "th", "icmp", "icmpv6", "sctp", "dccp", "udplite"}
)
_METAS: Final = frozenset(
    {"l4proto", "nfproto", "iifname", "iif", "oifname", "oif", "mark", "pkttype"}
)


def _left(words: Words) -> Any:
    """Return what a match reads."""
    word = words.next()
    if word in _PAYLOADS:
        return {"payload": {"protocol": word, "field": words.next()}}
    if word == "meta":
        return {"meta": {"key": words.next()}}
    if word in _METAS:
        return {"meta": {"key": word}}
    if word == "ct":
        key = words.next()
        if key in ("original", "reply"):
            raise Unknown(f"ct {key}")
        return {"ct": {"key": key}}
    if word == "fib":
        flags = [words.next()]
        while words.took("."):
            flags.append(words.next())
        return {"fib": {"result": words.next(), "flags": flags}}
    raise Unknown(word)


def _is_flags(left: Any) -> bool:
    return bool(left == {"payload": {"protocol": "tcp", "field": "flags"}})


def _ports(left: Any) -> bool:
    parts = left.get("concat", [left])
    fields = [part.get("payload", {}).get("field", "") for part in parts]
    return any(field in ("sport", "dport") for field in fields)


def _matching(words: Words) -> Statement:
    parts = [_left(words)]
    while words.took("."):
        parts.append(_left(words))
    left: Statement = {"concat": parts} if len(parts) > 1 else parts[0]
    if _is_flags(left) and words.peek() != "vmap":
        return _flags_match(words, left)
    if words.took("set"):
        words.next()
        return {"mangle": {"key": left, "value": 0}}
    if words.took("vmap"):
        if words.peek().startswith("@"):
            return {"vmap": {"key": left, "data": words.next()}}
        flags = _is_flags(left)
        rows = elements(words, port=_ports(left), pairs=True, flags=flags)
        return {"vmap": {"key": left, "data": {"set": rows}}}
    if words.peek() in ("&", "and"):
        words.next()
        left = {"&": [left, value(words.next())]}
    operator = _SIGNS.get(words.peek(), "")
    if operator:
        words.next()
    right = _right(words, left)
    if "fib" in left and right in ("missing", "exists"):
        right = right == "exists"
    if not operator:
        operator = (
            "in" if left.get("ct", {}).get("key") in ("state", "status") else "=="
        )
    return {"match": {"op": operator, "left": left, "right": right}}


def _right(words: Words, left: Any) -> Any:
    if words.peek() == "{":
        return {"set": elements(words, port=_ports(left), pairs=False)}
    first = one(words, port=_ports(left))
    several = [first]
    while words.took(","):
        several.append(one(words, port=_ports(left)))
    return several if len(several) > 1 else first


def _flag_set(words: Words) -> Any:
    """Return a set of exact flags, `{ syn, fin | psh }`."""
    words.must("{")
    found = [flags_of(words, "|")]
    while words.took(","):
        found.append(flags_of(words, "|"))
    words.must("}")
    return {"set": found}


def _flags_match(words: Words, left: Any) -> Statement:
    if words.took("&"):
        mask = flags_of(words)
        operator = _SIGNS.get(words.next())
        if operator is None:
            raise Unknown(words.text)
        right = flags_of(words)
        inner = {"op": operator, "left": {"&": [left, mask]}, "right": right}
        return {"match": inner}
    operator = _SIGNS.get(words.peek(), "in")
    if operator != "in":
        words.next()
    negated = words.took("!")
    if words.peek() == "{":
        return {"match": {"op": "==", "left": left, "right": _flag_set(words)}}
    right = flags_of(words)
    if words.took("/"):
        inner = {"op": "!=" if operator == "!=" else "=="}
        return {
            "match": {**inner, "left": {"&": [left, flags_of(words)]}, "right": right}
        }
    if negated:
        return {"match": {"op": "!", "left": left, "right": right}}
    return {"match": {"op": operator, "left": left, "right": right}}


def _until_statement(words: Words, known: frozenset[str]) -> None:
    """Take the words of an option list."""
    while words.peek() in known:
        words.next()
        words.next()


_LOG: Final = frozenset(
    {"prefix", "level", "flags", "group", "snaplen", "queue-threshold"}
)


def _limit(words: Words, word: str) -> Statement:
    words.took("rate")
    over = words.took("over")
    words.took("until")
    rate = words.next()
    if words.peek().startswith("/") or words.peek() in ("bytes", "kbytes", "mbytes"):
        words.next()
    if words.took("burst"):
        words.next()
        if words.peek() in ("packets", "bytes", "kbytes", "mbytes"):
            words.next()
    return {word: {"rate": rate, "inv": over}}


def _added(words: Words, word: str) -> Statement:
    """Return a statement that adds to a set: its key, and what limits it carries."""
    words.next()
    if words.took("size"):
        words.next()
    words.must("{")
    inner = words.until("}")
    words.must("}")
    parts = [_left(inner)]
    while inner.took("."):
        parts.append(_left(inner))
    key = {"concat": parts} if len(parts) > 1 else parts[0]
    found: list[Statement] = []
    while inner:
        if inner.took("limit"):
            found.append(_limit(inner, "limit"))
        elif inner.took("ct", "count"):
            found.append(_limit(inner, "ct count"))
        else:
            inner.next()
    return {"meter" if word == "meter" else "set": {"key": key, "stmt": found}}


def _logged(words: Words) -> Statement:
    while words.peek() in _LOG:
        option = words.next()
        words.next()
        while option == "flags" and words.took(","):
            words.next()
    return {"log": None}


def _rejected(words: Words) -> Statement:
    if words.took("with"):
        while words and words.peek() != "comment":
            words.next()
    return {"reject": None}


def _counted(words: Words) -> Statement:
    if words.took("packets"):
        words.next()
        words.must("bytes")
        words.next()
    elif words.took("name"):
        words.next()
    return {"counter": None}


def _redirected(words: Words) -> Statement:
    if not words.took("to"):
        return {"redirect": None}
    port = words.next()
    port = words.next() if port == ":" else port.removeprefix(":")
    return {"redirect": {"port": int(port) if port.isdecimal() else port}}


def _limited(words: Words) -> Statement:
    return _limit(words, "limit")


def _commented(words: Words) -> Statement:
    words.next()
    return {}


_READERS: Final[Mapping[str, Callable[[Words], Statement]]] = {
    "counter": _counted,
    "log": _logged,
    "reject": _rejected,
    "redirect": _redirected,
    "limit": _limited,
    "comment": _commented,
}
_BARE: Final = ENDS | {"notrack", "masquerade"}


def _statement(words: Words) -> Statement:
    """Take one statement; a comment is an empty one."""
    word = words.peek()
    if word in _BARE:
        return {words.next(): None}
    if word in ("jump", "goto"):
        return {words.next(): {"target": words.next()}}
    if word in ("add", "update", "meter"):
        return _added(words, words.next())
    if words.took("ct", "count"):
        return _limit(words, "ct count")
    if word in _READERS:
        words.next()
    return _READERS.get(word, _matching)(words)


def statements(words: Words) -> list[Statement]:
    """Return the statements of a rule; what is not understood makes it uncertain."""
    found: list[Statement] = []
    while words:
        start = words.place
        try:
            one = _statement(words)
        except (Unknown, Unreadable, ValueError):
            words.place = start
            return [*found, *_uncertain(words)]
        if one:
            found.append(one)
    return found


_VERDICTS: Final = ENDS | {"reject"}
# Words that end a rule in another way than is followed here.
_ELSEWHERE: Final = frozenset({"queue", "dnat", "tproxy", "fwd", "synproxy", "dup"})


def _uncertain(words: Words) -> list[Statement]:
    """Return the rest of a rule as one match that nobody knows, and its verdict."""
    rest = words.rest()
    said = " ".join(rest)
    doubt: Statement = {"match": {"op": "==", "left": {"text": said}, "right": 0}}
    for place, word in enumerate(rest):
        if word in _ELSEWHERE:
            return [doubt, {word: None}]
        if word in ("jump", "goto"):
            there = rest[place + 1 : place + 2]
            end = {word: {"target": there[0]}} if there else {"queue": None}
            return [doubt, end]
        if word in _VERDICTS:
            return [doubt, {word: None}]
    return [doubt]
