"""main.cf beside what zmconfigd sets in it: parameters that were set by hand."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from zmward.handmade.known import Known, several
from zmward.handmade.program import Parameter
from zmward.handmade.template import choice, inner

_MARK: Final = re.compile(r"%%([^%]+)%%")
_YES_NO: Final = {"TRUE": "yes", "FALSE": "no"}
_DH: Final = "/opt/zimbra/conf/dhparam.pem"


class Overwritten(msgspec.Struct, frozen=True):
    """A parameter that stands otherwise than it will be rendered; None: removed."""

    name: str
    value: str
    becomes: str | None


class _Wish(msgspec.Struct, frozen=True):
    """A value that zmconfigd may set; its elements in this order unless `mixed`."""

    value: str | None
    mixed: bool = False


def parse(text: str) -> Mapping[str, str]:
    """Return the parameters of main.cf, the last word counting."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace():
            if name:
                found[name] = f"{found[name]} {line.strip()}".strip()
            continue
        key, equals, value = line.partition("=")
        name = key.strip() if equals else ""
        if name:
            found[name] = value.strip()
    return found


def _words(value: str) -> list[str]:
    """Return the words of a value: Postfix takes commas for blanks."""
    return value.replace(",", " ").split()


def _listed(text: str, known: Known) -> tuple[str, bool] | None:
    """Return what a file of restrictions gives, and whether it holds a mixed list."""
    found, mixed = [], False
    for raw in text.splitlines():
        whole = inner(raw.strip(), known)
        if whole is None:
            return None
        given: list[str] = []
        for mark in _MARK.finditer(whole):
            word, _, rest = mark[1].partition(" ")
            made = _made(word, rest, mark[1], known)
            if made is None:
                return None
            mixed = mixed or word in {"explode", "list"}
            given.append(made)
        parts = _MARK.split(whole)[::2]
        line = "".join(
            text for pair in zip(parts, [*given, ""], strict=True) for text in pair
        ).strip()
        if line:
            found.append(line)
    return ", ".join(found), mixed


def _made(word: str, rest: str, whole: str, known: Known) -> str | None:
    """Return what one mark of such a file gives, None where it is not known."""
    if word in {"contains", "exact"}:
        outcomes = choice(rest, known, words=word == "exact")
        return outcomes[0] if len(outcomes) == 1 else None
    base, name = "", whole
    if word == "explode":
        base, _, operand = rest.rpartition(" ")
        name = operand.partition(":")[2]
    elif word == "list":
        name = rest.partition(" ")[0].partition(":")[2]
    values = known.values(name)
    if values is None:
        return None
    words = " ".join(values).split()
    return ", ".join(f"{base} {one}" for one in words) if base else " ".join(words)


def _wishes(
    parameter: Parameter, known: Known, files: Mapping[str, str | None]
) -> tuple[_Wish, ...] | None:
    """Return what one line of the program may set, None for anything."""
    match parameter.kind:
        case "REMOVED":
            return (_Wish(None),)
        case "LITERAL":
            return (_Wish(parameter.operand),)
        case "MAPLOCAL":
            return (_Wish(_DH), _Wish(""))
        case "FILE":
            text = files.get(f"conf/{parameter.operand}")
            listed = None if text is None else _listed(text, known)
            return None if listed is None else (_Wish(*listed),)
    possible = known.possible(parameter.operand)
    if parameter.kind == "LOCAL":
        setting = known.setting(parameter.operand)
        possible = None if setting is None else ((setting,),)
    mixed = several(parameter.operand) and parameter.kind == "VAR"
    if possible is None:
        return None
    return tuple(wish for v in possible for wish in _worded(" ".join(v), mixed=mixed))


def _worded(value: str, *, mixed: bool = False) -> tuple[_Wish, ...]:
    # Below an `if` of the program TRUE and FALSE stay as they are.
    other = _YES_NO.get(value.upper())
    first = () if other is None else (_Wish(other, mixed),)
    return (*first, _Wish(value, mixed))


def _set(
    lines: Iterable[Parameter], known: Known, files: Mapping[str, str | None]
) -> tuple[_Wish, ...] | None:
    """Return all that a parameter may be set to: () where it is left alone."""
    found: tuple[_Wish, ...] | None = ()
    for line in lines:
        holds = True if line.condition is None else known.truth(*line.condition)
        if holds is False:
            continue
        wishes = _wishes(line, known, files)
        if holds:
            found = wishes
        else:
            found = None if found is None or wishes is None else (*found, *wishes)
    return found


def _stands(value: str | None, wish: _Wish) -> bool:
    if value is None or wish.value is None:
        # zmconfigd's empty value and Postfix's own default need no telling apart.
        return value is None and not wish.value
    now, wanted = _words(value), _words(wish.value)
    return sorted(now) == sorted(wanted) if wish.mixed else now == wanted


def _by_name(lines: Iterable[Parameter]) -> Mapping[str, list[Parameter]]:
    found: dict[str, list[Parameter]] = {}
    for line in lines:
        found.setdefault(line.name, []).append(line)
    return found


def overwritten(
    lines: Iterable[Parameter],
    main: Mapping[str, str],
    knowns: Sequence[Known],
    files: Mapping[str, str | None],
) -> tuple[Overwritten, ...]:
    """Return the parameters that stand neither as rendered before nor after.

    The last of `knowns` is what will hold; `files` are the lists of restrictions.
    """
    found = []
    for name, own in _by_name(lines).items():
        views = [_set(own, known, files) for known in knowns]
        last = views[-1]
        if not last or any(view is None for view in views):
            continue
        value = main.get(name)
        if any(_stands(value, wish) for view in views for wish in view or ()):
            continue
        found.append(Overwritten(name, value or "", last[0].value))
    return tuple(found)


def coming(
    lines: Iterable[Parameter],
    before: Known,
    after: Known,
    files: Mapping[str, str | None],
) -> Mapping[str, str]:
    """Return the parameters that a change of the directory sets anew, where known."""
    found = {}
    for name, own in _by_name(lines).items():
        old, new = (_set(own, known, files) for known in (before, after))
        if new and new != old and new[0].value is not None:
            found[name] = new[0].value
    return found
