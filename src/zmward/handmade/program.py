"""zmconfigd's program, conf/zmconfigd.cf: which section writes what."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

_PATH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_OPERANDS: Final = frozenset({"VAR", "LOCAL", "FILE", "MAPLOCAL"})
_LONGEST: Final = 5000


class Rewrite(msgspec.Struct, frozen=True):
    """A file that is written from a template, both below Zimbra's home."""

    template: str
    output: str


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of main.cf that is set, or removed, under a condition or always."""

    name: str
    kind: str
    operand: str
    condition: tuple[str, str] | None = None


class Section(msgspec.Struct, frozen=True):
    """What one section writes."""

    name: str
    rewrites: tuple[Rewrite, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    proxy: bool = False


class _Draft(msgspec.Struct):
    rewrites: list[Rewrite]
    parameters: list[Parameter]
    proxy: bool = False
    condition: tuple[str, str] | None = None


def _parameter(words: list[str], condition: tuple[str, str] | None) -> Parameter:
    name, rest = words[1], words[2:]
    if words[0] == "POSTCONFD":
        return Parameter(name, "REMOVED", "", condition)
    if len(rest) > 1 and rest[0] in _OPERANDS:
        return Parameter(name, rest[0], rest[1], condition)
    return Parameter(name, "LITERAL", " ".join(rest), condition)


def _line(words: list[str], draft: _Draft) -> None:
    match words[0]:
        case "if" if len(words) > 2:  # noqa: PLR2004  # if KIND NAME
            draft.condition = (words[1], words[2])
        case "fi":
            draft.condition = None
        case "REWRITE" if len(words) > 2 and all(_below(w) for w in words[1:3]):  # noqa: PLR2004  # REWRITE IN OUT
            draft.rewrites.append(Rewrite(words[1], words[2]))
        case "POSTCONF" | "POSTCONFD" if len(words) > 1:
            draft.parameters.append(_parameter(words, draft.condition))
        case "PROXYGEN":
            draft.proxy = True
        case _:
            pass


def _below(path: str) -> bool:
    return bool(_PATH.fullmatch(path))


def below(path: str) -> bool:
    """Say whether a path stays below Zimbra's home."""
    return _below(path)


def parse(text: str) -> Mapping[str, Section]:
    """Return the sections of a program by their names."""
    drafts: dict[str, _Draft] = {}
    draft = None
    for line in text.splitlines()[:_LONGEST]:
        words = line.split()
        if not words:
            continue
        if words[0] == "SECTION" and len(words) > 1:
            draft = drafts.setdefault(words[1], _Draft([], []))
        elif draft is not None:
            _line(words, draft)
    return {
        name: Section(name, tuple(d.rewrites), tuple(d.parameters), d.proxy)
        for name, d in drafts.items()
    }
