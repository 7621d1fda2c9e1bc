"""Values in nft's own language, and what stands in braces, as in its JSON."""

import re
from collections.abc import Mapping
from typing import Any, Final

from zmward.firewall.nft_words import Words
from zmward.firewall.rules import PROTOCOLS

Statement = dict[str, Any]

_PORTS: Final[Mapping[str, int]] = {
    "ssh": 22,
    "smtp": 25,
    "domain": 53,
    "http": 80,
    "pop3": 110,
    "sunrpc": 111,
    "ntp": 123,
    "imap2": 143,
    "imap": 143,
    "snmp": 161,
    "snmp-trap": 162,
    "snmptrap": 162,
    "ldap": 389,
    "https": 443,
    "submissions": 465,
    "smtps": 465,
    "urd": 465,
    "syslog": 514,
    "submission": 587,
    "ldaps": 636,
    "imaps": 993,
    "pop3s": 995,
    "mysql": 3306,
    "xmpp-client": 5222,
    "xmpp-server": 5269,
    "bootps": 67,
    "bootpc": 68,
    "dhcpv6-client": 546,
    "dhcpv6-server": 547,
    "mdns": 5353,
}

ENDS: Final = frozenset({"accept", "drop", "return", "continue"})
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")
_PREFIX: Final = re.compile(r"([0-9A-Fa-f.:]+)/([0-9]{1,3})")
_RANGE: Final = re.compile(r"([0-9A-Fa-f.:]+|[0-9]+)-([0-9A-Fa-f.:]+|[0-9]+)")


class Unknown(Exception):  # the rule's rest becomes uncertain
    """A statement that is not understood."""


def value(text: str, *, port: bool = False) -> Any:
    """Return a single value: a number, a word, a prefix or a range."""
    prefix, span = _PREFIX.fullmatch(text), _RANGE.fullmatch(text)
    if prefix:
        return {"prefix": {"addr": prefix[1], "len": int(prefix[2])}}
    if span:
        return {"range": [value(span[1]), value(span[2])]}
    if text.isdecimal():
        return int(text)
    if re.fullmatch(r"0[xX][0-9A-Fa-f]+", text):
        return int(text, 16)
    if port and _NAME.fullmatch(text) and text not in PROTOCOLS:
        if text not in _PORTS:
            raise Unknown(text)
        return _PORTS[text]
    return text


def one(words: Words, *, port: bool) -> Any:
    """Return an element: values joined by dots, perhaps with a time or a comment."""
    parts = [value(words.next(), port=port)]
    while words.took("."):
        parts.append(value(words.next(), port=port))
    return {"concat": parts} if len(parts) > 1 else parts[0]


_DETAILS: Final = frozenset({"timeout", "expires", "comment", "counter", "limit"})


def elements(
    words: Words, *, port: bool = False, pairs: bool = False, flags: bool = False
) -> list[Any]:
    """Return what stands in braces; the first of them is still to come."""
    words.must("{")
    inner = words.until("}")
    words.must("}")
    found: list[Any] = []
    while inner:
        inner.gaps()
        if not inner:
            break
        item = inner.until(",")
        inner.took(",")
        item.gaps()
        if not item:
            continue
        key = flags_of(item, "|") if flags else one(item, port=port)
        while item.peek() in _DETAILS:
            _skip_detail(item)
        item.gaps()
        if pairs:
            item.must(":")
            found.append([key, _verdict(item)])
        else:
            found.append(key)
        item.gaps()
        if item:
            raise Unknown(item.text)
    return found


def _skip_detail(words: Words) -> None:
    word = words.next()
    if word == "counter":
        if words.took("packets"):
            words.next()
            words.took("bytes")
            words.next()
        return
    if word == "limit":
        while words and words.peek() not in (*_DETAILS, ":"):
            words.next()
        return
    words.next()


def _verdict(words: Words) -> Any:
    word = words.next()
    if word in ("jump", "goto"):
        return {word: {"target": words.next()}}
    if word in ENDS:
        return {word: None}
    raise Unknown(word)


def flags_of(words: Words, *signs: str) -> Any:
    """Return flags of TCP: `syn`, `fin | syn`, `(fin|syn)`, `fin,syn`."""
    bracket = words.took("(")
    found = [words.next()]
    while words.peek() in (signs or ("|", ",")):
        words.next()
        found.append(words.next())
    if bracket:
        words.must(")")
    plain: list[Any] = [0 if one == "0x0" else one for one in found]
    plain = [int(one, 16) if str(one).startswith("0x") else one for one in plain]
    return {"|": plain} if len(plain) > 1 else plain[0]
