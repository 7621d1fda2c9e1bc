"""A rule set in nft's own language, turned into the objects of its JSON."""

import re
from collections.abc import Mapping
from typing import Any, Final

from zmward.firewall.nft import translate
from zmward.firewall.nft_statements import statements
from zmward.firewall.nft_values import Unknown, elements
from zmward.firewall.nft_words import Word, Words, words
from zmward.firewall.rules import Ruleset
from zmward.sources.source import Unreadable

_FAMILIES: Final = frozenset({"ip", "ip6", "inet", "arp", "bridge", "netdev"})
_PRIORITIES: Final[Mapping[str, int]] = {
    "raw": -300,
    "mangle": -150,
    "dstnat": -100,
    "filter": 0,
    "security": 50,
    "srcnat": 100,
}
_NESTED: Final = 20
Row = dict[str, Any]


def _defined(found: list[Word]) -> list[Word]:
    """Return the words with `define`d names replaced; a name may hold several words."""
    names: dict[str, list[Word]] = {}
    kept: list[Word] = []
    place = 0
    while place < len(found):
        word = found[place]
        if word.text in ("define", "redefine") and not word.quoted:
            name = found[place + 1].text if place + 1 < len(found) else ""
            inner = Words(found[place + 2 :])
            inner.must("=")
            own = inner.until(";")
            names[f"${name}"] = _replaced(own._found, names)  # noqa: SLF001
            place += 2 + inner.place
        else:
            kept += _replaced([word], names)
            place += 1
    return kept


def _replaced(found: list[Word], names: Mapping[str, list[Word]]) -> list[Word]:
    kept: list[Word] = []
    for word in found:
        if not word.text.startswith("$") or word.quoted:
            kept.append(word)
        elif word.text in names:
            kept += [Word(w.text, word.line, w.quoted) for w in names[word.text]]
        else:
            raise Unreadable(f"line {word.line}: {word.text[:40]!r} is not defined")
    return kept


class _Reader:
    """Reads tables; their objects are rows like those of nft's JSON."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.lines: list[int] = []

    def add(self, row: Row, line: int) -> None:
        self.rows.append(row)
        self.lines.append(line)

    def table(self, found: Words) -> None:
        family = found.next() if found.peek() in _FAMILIES else "ip"
        place = {"family": family, "table": found.next()}
        line = found.line
        self.add({"table": {"family": family, "name": place["table"]}}, line)
        if not found.took("{"):
            return
        while True:
            found.gaps()
            if found.took("}"):
                return
            self._object(found, place)

    def _object(self, found: Words, place: Row) -> None:
        line, word = found.line, found.next()
        if word == "chain":
            self._chain(found, {**place, "name": found.next()}, line)
        elif word in ("set", "map"):
            self._set(found, word, {**place, "name": found.next()}, line)
        elif word in ("counter", "quota", "limit", "ct", "flowtable", "synproxy"):
            found.until("{")
            found.must("{")
            found.until("}")
            found.must("}")
        elif word in ("flags", "comment"):
            found.until(";")
        else:
            raise Unreadable(f"line {line}: {word[:40]!r} in a table is not known")

    def _set(self, found: Words, word: str, place: Row, line: int) -> None:
        found.must("{")
        row: Row = {**place, "elem": []}
        port = False
        while True:
            found.gaps()
            if found.took("}"):
                break
            option = found.next()
            if option in ("type", "typeof"):
                port = bool(
                    {"inet_service", "dport", "sport"} & set(found.until(";").rest())
                )
            elif option == "elements":
                found.must("=")
                try:
                    row["elem"] = elements(found, port=port, pairs=word == "map")
                except Unknown as error:
                    raise Unreadable(f"line {line}: element {error}") from error
            else:
                found.until(";")
        self.add({word: row}, line)

    def _chain(self, found: Words, place: Row, line: int) -> None:
        found.must("{")
        row: Row = dict(place)
        rules: list[tuple[Words, int]] = []
        while True:
            found.gaps()
            if found.took("}"):
                break
            at = found.line
            if found.took("type"):
                _hooked(found.until(";"), row)
            elif found.took("policy"):
                row["policy"] = found.until(";").text
            elif found.peek() in ("comment", "devices", "device") and not rules:
                found.until(";")
            else:
                rules.append((_some(found.until(";"), at), at))
        self.add({"chain": row}, line)
        for own, at in rules:
            self.rule(own, place, at)

    def rule(self, own: Words, place: Row, line: int) -> None:
        inner = {
            "family": place["family"],
            "table": place["table"],
            "chain": place["name"],
            "expr": statements(own),
            "said": own.text,
        }
        self.add({"rule": inner}, line)


def _some(found: Words, line: int) -> Words:
    """Return words that must be some: else the text ended within braces."""
    if not found:
        raise Unreadable(f"line {line}: it ends too early")
    return found


def _hooked(found: Words, row: Row) -> None:
    """Read `filter hook input device eth0 priority filter + 5`."""
    row["type"] = found.next()
    while found:
        word = found.next()
        if word == "hook":
            row["hook"] = found.next()
        elif word == "device":
            row["dev"] = found.next()
        elif word == "devices":
            found.must("=")
            row["dev"] = [str(one) for one in elements(found, port=False, pairs=False)]
        elif word == "priority":
            row["prio"] = _priority(found)


def _priority(found: Words) -> int:
    text = "".join(found.until("policy").rest())
    numbers = re.fullmatch(r"(?:([a-z]+)([+-][0-9]+)?|(-?[0-9]+))", text)
    if numbers is None or (numbers[1] and numbers[1] not in _PRIORITIES):
        raise Unreadable(f"line {found.line}: {text[:40]!r} is no priority")
    if numbers[3]:
        return int(numbers[3])
    return _PRIORITIES[numbers[1]] + int(numbers[2] or 0)


def _command(reader: _Reader, found: Words) -> None:
    """Read one command of a file: a table, or `add rule …` and the like."""
    if found.took("flush", "ruleset"):
        reader.rows.clear()
        reader.lines.clear()
        return
    if found.took("table") or found.took("add", "table"):
        reader.table(found)
        return
    words_of = (found.peek(), found.peek(1))
    if found.peek() in ("delete", "destroy", "flush") and found.peek(1) == "table":
        found.next()
        found.next()
        family = found.next() if found.peek() in _FAMILIES else "ip"
        _forget(reader, family, found.next())
        return
    if found.took("add", "rule"):
        family = found.next() if found.peek() in _FAMILIES else "ip"
        place = {"family": family, "table": found.next(), "name": found.next()}
        line = found.line
        reader.rule(found.until(";"), place, line)
        return
    raise Unreadable(f"line {found.line}: {' '.join(words_of)[:40]!r} is not known")


def _forget(reader: _Reader, family: str, name: str) -> None:
    kept = [
        (row, line)
        for row, line in zip(reader.rows, reader.lines, strict=True)
        if not _of(row, family, name)
    ]
    reader.rows = [row for row, _ in kept]
    reader.lines = [line for _, line in kept]


def _of(row: Row, family: str, name: str) -> bool:
    kind, value = next(iter(row.items()))
    own = value.get("name") if kind == "table" else value.get("table")
    return bool(value.get("family") == family and own == name)


def parse(text: str) -> Ruleset:
    """Read a file of nft, or what `nft list ruleset` prints; else Unreadable."""
    reader = _Reader()
    found = Words(_defined(list(words(text))))
    found.gaps()
    while found:
        try:
            _command(reader, found)
        except ValueError as error:
            raise Unreadable(f"line {found.line}: {error}") from error
        found.gaps()
    return translate(reader.rows, reader.lines)
