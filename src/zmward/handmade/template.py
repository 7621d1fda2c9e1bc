"""A template's lines as patterns of what zmconfigd can render of them."""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from zmward.handmade.known import Known, Values, several

_LOCAL: Final = re.compile(r"@@([^@]+)@@")
_MARK: Final = re.compile(r"@@(?P<key>[^@]+)@@|%%(?P<mark>[^%]+)%%")
_SIMPLE: Final = re.compile(r"%%([A-Za-z][A-Za-z0-9]*)%%")
_NESTED: Final = re.compile(r"%%(?:contains|exact) [^%]*%%[A-Za-z][A-Za-z0-9]*%%")
_ANYTHING: Final = r".*"
# A template with more of them in one line would take too long to be tried.
_MOST_CHOICES: Final = 8


class Form(msgspec.Struct, frozen=True):
    """What a line may look like: parts in this order, with anything between them.

    A host's own template must not be able to make a match last for ever, so what may
    be anything is never left to the pattern: each part is looked for once, leftmost.
    """

    parts: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, *parts: str) -> "Form":
        """Return the form of some patterns, the last of which ends the line."""
        *others, last = parts
        return cls((*map(re.compile, others), re.compile(rf"(?:{last})\Z")))

    def holds(self, line: str) -> bool:
        """Say whether a line has this form."""
        found = self.parts[0].match(line)
        for part in self.parts[1:]:
            if found is None:
                return False
            found = part.search(line, found.end())
        return found is not None

    @property
    def loose(self) -> bool:
        """Say whether something in it may be anything."""
        return len(self.parts) > 1


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
        bare = line.rstrip()
        if not self.forms:
            return bare == self.text
        # An empty value leaves a blank at the end, which an editor may have taken away.
        ways = (line, bare, f"{bare} ")
        return any(form.holds(way) for form in self.forms for way in ways)

    @property
    def loose(self) -> bool:
        """Say whether other lines than one could stand for it."""
        return any(form.loose for form in self.forms)


class Piece(msgspec.Struct, frozen=True):
    """What stands for a mark: a pattern, or anything; or several lines of patterns."""

    pattern: str = ""
    free: bool = False
    lines: frozenset[str] | None = None


def _texts(found: Iterable[str]) -> Piece:
    return Piece("(?:" + "|".join(re.escape(text) for text in sorted(set(found))) + ")")


def _either(truth: bool | None, true: str, false: str) -> Piece:  # noqa: FBT001  # three-valued
    if truth is None:
        return _texts((true, false))
    return _texts((true if truth else false,))


def _free() -> Piece:
    return Piece(free=True)


def _valued(name: str, possible: Iterable[Values]) -> Piece:
    """Return what values may look like; several of one attribute have no order."""
    shapes = []
    for values in possible:
        words = " ".join(values).split()
        if several(name) and len(words) > 1:
            shapes.append(_repeated(words, " "))
        else:
            # zmconfigd and people differ in blanks, which mean nothing here.
            shapes.append(r"\s+".join(re.escape(word) for word in words))
    return Piece(f"(?:{'|'.join(shapes)})")


def _repeated(words: list[str], separator: str) -> str:
    one = f"(?:{'|'.join(sorted({re.escape(word) for word in words}))})"
    return f"{one}(?:{re.escape(separator)}{one}){{{len(words) - 1}}}"


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
    words = " ".join(values).split()
    separator = separator or " "
    # Words that hold the separator could be told apart in too many ways.
    if any(separator in word for word in words):
        return _free()
    return Piece(_repeated(words, separator) if words else "")


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
    return _free() if possible is None else _valued(name, possible)


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
        return Piece(re.escape(setting or "")) if plain else _free()
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
        return Form.of("", ""), False
    parts, place, lines, choices = [""], 0, None, 0
    for mark in _MARK.finditer(whole):
        parts[-1] += re.escape(whole[place : mark.start()])
        place = mark.end()
        found = piece(mark, known)
        if found.lines is not None:
            lines = found
        elif found.free or choices == _MOST_CHOICES:
            parts.append("")
        else:
            parts[-1] += found.pattern
            choices += "|" in found.pattern
    parts[-1] += re.escape(whole[place:])
    if lines is None:
        return Form.of(*parts), False
    one = "|".join(sorted(lines.lines or ())) or ""
    return Form.of(rf"\s*+(?:{one})?\s*+"), True


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
