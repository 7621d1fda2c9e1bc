"""A rule of nft's JSON in words that people know: nft's own language, nearly."""

from collections.abc import Callable, Mapping
from typing import Any, Final

_LONGEST: Final = 160
_MOST: Final = 12
# What says nothing about where a packet goes.
_SILENT: Final = frozenset({"counter", "last"})


def _values(values: Any) -> str:
    shown = [_value(one) for one in values[:_MOST]]
    more = [f"and {len(values) - _MOST} more"] if len(values) > _MOST else []
    return "{ " + ", ".join((*shown, *more)) + " }"


def _pair(inner: Any, between: str) -> str:
    return between.join(_value(one) for one in inner)


def _fib(inner: Any) -> str:
    flags = inner["flags"]
    names = flags if isinstance(flags, str) else " . ".join(flags)
    return f"fib {names} {inner['result']}"


_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "prefix": lambda inner: f"{inner['addr']}/{inner['len']}",
    "range": lambda inner: _pair(inner, "-"),
    "payload": lambda inner: f"{inner['protocol']} {inner['field']}",
    "meta": lambda inner: f"meta {inner['key']}",
    "ct": lambda inner: f"ct {inner['key']}",
    "fib": _fib,
    "set": lambda inner: _values(inner if isinstance(inner, list) else [inner]),
    "concat": lambda inner: _pair(inner, " . "),
    "elem": lambda inner: _value(inner["val"]),
    "&": lambda inner: f"({_pair(inner, ' & ')})",
    "|": lambda inner: f"({_pair(inner, ' | ')})",
}


def _value(value: Any) -> str:
    if isinstance(value, dict):
        word, inner = next(iter(value.items()))
        return _WORDS[word](inner)
    if isinstance(value, list):
        return ",".join(_value(one) for one in value)
    return str(value)


def _limit(inner: Mapping[str, Any]) -> str:
    over = "over " if inner.get("inv") else ""
    return f"limit rate {over}{inner['rate']}/{inner['per']}"


def _match(inner: Mapping[str, Any]) -> str:
    sign = "" if inner["op"] in ("==", "in") else f"{inner['op']} "
    return f"{_value(inner['left'])} {sign}{_value(inner['right'])}"


def _verdict(value: Any) -> str:
    word, inner = next(iter(value.items()))
    return f"{word} {inner['target']}" if isinstance(inner, dict) else str(word)


def _vmap(inner: Mapping[str, Any]) -> str:
    rows = inner["data"]
    if isinstance(rows, str):
        return f"{_value(inner['key'])} vmap {rows}"
    found = rows["set"][:_MOST]
    pairs = ", ".join(f"{_value(key)} : {_verdict(one)}" for key, one in found)
    return f"{_value(inner['key'])} vmap {{ {pairs} }}"


def _foreign(inner: Any) -> str:
    kind = inner if isinstance(inner, dict) else {}
    return f"xt {kind.get('type', '')} {kind.get('name', '')}".strip()


def _to(word: str) -> Callable[[Any], str]:
    """Return how a rule that sends packets elsewhere is told."""

    def told(inner: Any) -> str:
        kept = inner if isinstance(inner, dict) else {}
        host = _value(kept["addr"]) if "addr" in kept else ""
        port = f":{_value(kept['port'])}" if "port" in kept else ""
        return f"{word} to {host}{port}" if host or port else word

    return told


# Any other statement is told by its name.
_STATEMENTS: Final[Mapping[str, Callable[[Any], str]]] = {
    "match": _match,
    "vmap": _vmap,
    "limit": _limit,
    "jump": lambda inner: f"jump {inner['target']}",
    "goto": lambda inner: f"goto {inner['target']}",
    "xt": _foreign,
    "dnat": _to("dnat"),
    "redirect": _to("redirect"),
    "tproxy": _to("tproxy"),
}


_ODD_SHAPES: Final = (
    *(LookupError, TypeError, ValueError, AttributeError, RecursionError),
    # An object without any member.
    StopIteration,
)


def said(expressions: Any) -> str:
    """Return a rule in words, or an empty text for a shape that is not known."""
    found = []
    try:
        for one in expressions:
            word, inner = (
                next(iter(one.items())) if isinstance(one, dict) else (one, None)
            )
            if word not in _SILENT:
                told = _STATEMENTS.get(word)
                found.append(told(inner) if told else str(word))
    except _ODD_SHAPES:
        return ""
    text = " ".join(found)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
