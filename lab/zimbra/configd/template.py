"""The template language of the ``.in`` files: %%attribute%%, @@key@@, functions."""

import base64
import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from .inputs import Inputs

_MARK = re.compile(r"%%(.+?)%%|@@([A-Za-z0-9_]+)@@")
# A plain attribute may stand inside a function's text, so it is replaced first.
_PLAIN = re.compile(r"%%([A-Za-z][A-Za-z0-9]*)%%")


def render(text: str, inputs: Inputs) -> str:
    """Return the template with every mark replaced."""

    def replace(mark: re.Match[str]) -> str:
        if mark[2]:
            return inputs.key(mark[2])
        word, _, rest = mark[1].partition(" ")
        function = _FUNCTIONS.get(word)
        return function(rest, inputs) if function else inputs.var(mark[1])

    inner = _PLAIN.sub(lambda mark: inputs.var(mark[1]), text)
    return _MARK.sub(replace, inner)


def restrictions(text: str, inputs: Inputs) -> str:
    """Render a list file and join the lines that are left with commas."""
    lines = (line.strip().rstrip(",") for line in render(text, inputs).splitlines())
    return ", ".join(line for line in lines if line and not line.startswith("#"))


def _operand(word: str, inputs: Inputs) -> list[str]:
    kind, _, name = word.rpartition(":")
    if kind == "LOCAL":
        return [inputs.key(name)]
    if kind == "SERVICE":
        return [name] if inputs.enabled(name) else []
    return inputs.values(name)


def _choose(found: bool, wanted: str) -> str:  # noqa: FBT001 -- one of two texts
    text, *others = wanted.split("^")
    replacement = others[0] if others else text
    return replacement if found else (others[1] if len(others) > 1 else "")


def _contains(rest: str, inputs: Inputs) -> str:
    operand, _, wanted = rest.partition(" ")
    joined = " ".join(_operand(operand, inputs))
    return _choose(wanted.split("^")[0] in joined, wanted)


def _exact(rest: str, inputs: Inputs) -> str:
    operand, _, wanted = rest.partition(" ")
    words = " ".join(_operand(operand, inputs)).split()
    return _choose(wanted.split("^")[0] in words, wanted)


def _explode(rest: str, inputs: Inputs) -> str:
    prefix, _, operand = rest.rpartition(" ")
    return ", ".join(f"{prefix} {value}" for value in _operand(operand, inputs))


def _list(rest: str, inputs: Inputs) -> str:
    operand, _, separator = rest.partition(" ")
    words = " ".join(_operand(operand, inputs)).split()
    return (separator or " ").join(words)


def _items(rest: str, inputs: Inputs) -> str:
    values = sorted(_operand(rest, inputs))
    return "".join(f"<Item>{escape(one)}</Item>" for one in values)


def _truth(operand: str, inputs: Inputs) -> bool:
    kind, _, name = operand.rpartition(":")
    wanted = not name.startswith("!")
    return inputs.truth(kind or "VAR", name.lstrip("!")) is wanted


def _uncomment(rest: str, inputs: Inputs) -> str:
    operand, _, mark = rest.partition(",")
    return "" if _truth(operand, inputs) else (mark or "#")


def _comment(rest: str, inputs: Inputs) -> str:
    operand, _, mark = rest.partition(",")
    return (mark or "#") if _truth(operand, inputs) else ""


def _truefalse(rest: str, inputs: Inputs) -> str:
    return "true" if _truth(rest, inputs) else "false"


def _binary(rest: str, inputs: Inputs) -> str:
    words = "".join(_operand(rest, inputs)).split()
    return base64.b64decode("".join(words)).decode("ascii", "replace")


_FUNCTIONS: dict[str, Callable[[str, Inputs], str]] = {
    "contains": _contains,
    "exact": _exact,
    "explode": _explode,
    "list": _list,
    "items": _items,
    "comment": _comment,
    "uncomment": _uncomment,
    "truefalse": _truefalse,
    "binary": _binary,
}
