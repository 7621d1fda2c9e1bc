"""A template's lines as patterns of what zmconfigd can render of them."""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from zmward.handmade.known import Known, Values

_LOCAL: Final = re.compile(r"@@([^@]+)@@")
_MARK: Final = re.compile(r"@@(?P<key>[^@]+)@@|%%(?P<mark>[^%]+)%%")
_SIMPLE: Final = re.compile(r"%%([A-Za-z][A-Za-z0-9]*)%%")
_NESTED: Final = re.compile(r"%%(?:contains|exact) [^%]*%%[A-Za-z][A-Za-z0-9]*%%")
_ANYTHING: Final = r".*"


class Form(msgspec.Struct, frozen=True):
    """What a line may look like; each group must hold one of the words, if given."""

    pattern: re.Pattern[str]
    groups: tuple[frozenset[Values] | None, ...] = ()

    def holds(self, line: str) -> bool:
        """Say whether a line has this form."""
        found = self.pattern.fullmatch(line)
        if found is None:
            return False
        parts = zip(found.groups(), self.groups, strict=True)
        return all(wanted is None or _same(part, wanted) for part, wanted in parts)

    @property
    def loose(self) -> bool:
        """Say whether something in it may be anything."""
        return any(wanted is None for wanted in self.groups)


def _same(part: str, wanted: frozenset[Values]) -> bool:
    words = sorted(part.split())
    return any(words == sorted(" ".join(one).split()) for one in wanted)


class Line(msgspec.Struct, frozen=True):
    """One line of a template: its own text, or the forms that it may take.

    A line that `repeats` stands for one or more; an `optional` one may be missing.
    """

    text: str
    forms: tuple[Form, ...] = ()
    repeats: bool = False
    optional: bool = False

    def renders(self, line: str) -> bool:
        """Say whether this line of the template can have rendered that one."""
        if not self.forms:
            return line == self.text
        return any(form.holds(line) for form in self.forms)

    @property
    def loose(self) -> bool:
        """Say whether other lines than one could stand for it."""
        return any(form.loose for form in self.forms)


class Piece(msgspec.Struct, frozen=True):
    """What stands for a mark: one of some texts, a pattern, or values of their own."""

    pattern: str = ""
    values: frozenset[Values] | None = None
    free: bool = False
    lines: frozenset[str] | None = None


def _texts(found: Iterable[str]) -> Piece:
    return Piece("(?:" + "|".join(re.escape(text) for text in sorted(set(found))) + ")")


def _either(truth: bool | None, true: str, false: str) -> Piece:  # noqa: FBT001  # three-valued
    if truth is None:
        return _texts((true, false))
    return _texts((true if truth else false,))


def _free() -> Piece:
    return Piece(_ANYTHING, free=True)


def _marked(rest: str, known: Known, *, on: bool) -> Piece:
    """Return the piece of comment and uncomment: a comment sign or nothing."""
    kind, _, key = rest.partition(":")
    name, _, more = key.partition(",")
    sign, _, some = more.partition(",")
    sign = sign or "#"
    if some:
        values = known.values(name) if kind == "VAR" else None
        truth = None if values is None else " ".join(values) in some.split(",")
        if not values:
            truth = None
    else:
        truth = known.truth(kind, name)
    return _either(truth, sign if on else "", "" if on else sign)


def _comment(rest: str, known: Known) -> Piece:
    return _marked(rest, known, on=True)


def _uncomment(rest: str, known: Known) -> Piece:
    return _marked(rest, known, on=False)


def _binary(rest: str, known: Known) -> Piece:
    return _either(known.truth(*_operand(rest)), "1", "0")


def _truefalse(rest: str, known: Known) -> Piece:
    return _either(known.truth(*_operand(rest)), "true", "false")


def _operand(rest: str) -> tuple[str, str]:
    kind, _, name = rest.strip().partition(":")
    return kind, name


def _number(_rest: str, _known: Known) -> Piece:
    return Piece(r"-?[0-9.]+(?:E-?[0-9]+)?")


def choice(rest: str, known: Known, *, words: bool) -> tuple[str, ...]:
    """Return what contains and exact may give, one text where it is known."""
    asked, *others = (part.strip() for part in rest.split("^", 2))
    operand, _, wanted = asked.partition(" ")
    kind, name = _operand(operand)
    found = (others[0] if others else "") or wanted
    other = others[1] if len(others) > 1 else ""
    values = known.values(name) if kind == "VAR" else None
    if values is None:
        return (found, other)
    text = " ".join(values)
    there = wanted in text.split() if words else wanted in text
    return (found if there else other,)


def _contains(rest: str, known: Known) -> Piece:
    return _texts(choice(rest, known, words=False))


def _exact(rest: str, known: Known) -> Piece:
    return _texts(choice(rest, known, words=True))


def _list(rest: str, known: Known) -> Piece:
    operand, _, separator = rest.partition(" ")
    kind, name = _operand(operand)
    values = known.values(name) if kind == "VAR" else None
    if values is None:
        return _free()
    words = sorted({re.escape(word) for value in values for word in value.split()})
    count = sum(len(value.split()) for value in values)
    if not words:
        return Piece("")
    separator = separator or " "
    one = f"(?:{'|'.join(words)})"
    return Piece(f"{one}(?:{re.escape(separator)}{one}){{{count - 1}}}")


def _explode(rest: str, known: Known) -> Piece:
    base, _, operand = rest.rpartition(" ")
    kind, name = _operand(operand)
    values = known.values(name) if kind == "VAR" else None
    if values is None:
        return Piece(lines=frozenset({re.escape(base) + " " + _ANYTHING}), free=True)
    words = (word for value in values for word in value.split())
    return Piece(lines=frozenset(re.escape(f"{base} {word}") for word in words))


def _variable(name: str, known: Known) -> Piece:
    if name.endswith("XML"):
        values = known.values(name.removesuffix("XML"))
        words = None if values is None else " ".join(values).split()
        shapes = [_ANYTHING] if words is None else [re.escape(word) for word in words]
        lines = frozenset(f"<Item>{shape}</Item>" for shape in shapes)
        return Piece(lines=lines, free=words is None)
    values = known.values(name)
    if name.endswith("PerLine"):
        if values is None:
            return Piece(lines=frozenset({_ANYTHING}), free=True)
        words = " ".join(values).split()
        return Piece(lines=frozenset(re.escape(word) for word in words))
    possible = known.possible(name)
    return _free() if possible is None else Piece(_ANYTHING, frozenset(possible))


_FUNCTIONS: Final[dict[str, Callable[[str, Known], Piece]]] = {
    "comment": _comment,
    "uncomment": _uncomment,
    "binary": _binary,
    "truefalse": _truefalse,
    "range": _number,
    "freq": _number,
    "contains": _contains,
    "exact": _exact,
    "list": _list,
    "explode": _explode,
}


def piece(mark: re.Match[str], known: Known) -> Piece:
    """Return what stands for one mark."""
    if mark["key"] is not None:
        setting = known.setting(mark["key"].rpartition(" ")[2])
        plain = setting is not None and " " not in mark["key"]
        return Piece(_ANYTHING, frozenset({(setting or "",)})) if plain else _free()
    word, _, rest = mark["mark"].partition(" ")
    function = _FUNCTIONS.get(word)
    return function(rest, known) if function else _variable(mark["mark"], known)


def inner(line: str, known: Known) -> str | None:
    """Return a line whose variables within a choice are put in; None if unknown."""
    if not _NESTED.search(line):
        return line
    for name in _SIMPLE.findall(line):
        values = known.values(name)
        if values is None:
            return None
        line = line.replace(f"%%{name}%%", " ".join(values))
    return line


def form(line: str, known: Known) -> tuple[Form, bool]:
    """Return the form of a line, and whether it may be several."""
    whole = inner(line, known)
    if whole is None:
        return Form(re.compile(f"({_ANYTHING})"), (None,)), False
    parts, groups, place, lines = [], [], 0, None
    for mark in _MARK.finditer(whole):
        parts.append(re.escape(whole[place : mark.start()]))
        place = mark.end()
        found = piece(mark, known)
        if found.lines is not None:
            lines = found
            continue
        grouped = found.free or found.values is not None
        parts.append(f"({found.pattern})" if grouped else found.pattern)
        if grouped:
            groups.append(found.values)
    parts.append(re.escape(whole[place:]))
    if lines is None:
        return Form(re.compile("".join(parts)), tuple(groups)), False
    one = "|".join(sorted(lines.lines or ())) or ""
    open_ended = (None,) if lines.free else (frozenset({()}),)
    return Form(re.compile(rf"()\s*(?:{one})?\s*"), open_ended), True


def configured(text: str, knowns: Iterable[Known]) -> tuple[Line, ...]:
    """Return the lines of a `.in` file, each as all that `knowns` may make of it."""
    views = tuple(knowns)
    found = []
    for raw in text.splitlines():
        line = raw.rstrip()
        # zmconfigd leaves a line with fewer marks than that as it is.
        bare = max(line.count("@"), line.count("%")) < 2  # noqa: PLR2004
        if bare or not _MARK.search(line):
            found.append(Line(line))
            continue
        forms = [form(line, known) for known in views]
        repeats = any(several_lines for _, several_lines in forms)
        found.append(Line(line, tuple(one for one, _ in forms), repeats))
    return tuple(found)
