"""The options of zmlocalconfig and which of them go together."""

import getopt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .localconfig import PATH

_LETTERS = "c:defhiklm:npqrsux"
_LONG = {
    "config=": "c",
    "default": "d",
    "edit": "e",
    "force": "f",
    "help": "h",
    "info": "i",
    "key": "k",
    "reload": "l",
    "format=": "m",
    "changed": "n",
    "path": "p",
    "quiet": "q",
    "random": "r",
    "show": "s",
    "unset": "u",
    "expand": "x",
}
# Each of these says what to do; two of them contradict each other.
_MODES = "deilnpu"
# How to print means nothing to the modes that print no values.
_PRINTING = {"m": "eilpu", "s": "eilpu", "x": "eilpu"}
_EDITING = {"f": "dilnp", "r": "dilnpu"}
FORMATS = ("plain", "xml", "shell", "export", "nokey")


class OptionError(Exception):
    """Options that zmlocalconfig does not take."""


@dataclass(frozen=True)
class Options:
    """What zmlocalconfig was asked for."""

    letters: frozenset[str]
    path: Path
    form: str
    words: tuple[str, ...]

    def has(self, letter: str) -> bool:
        """Tell whether an option was given."""
        return letter in self.letters


def read_options(argv: Sequence[str]) -> Options:
    """Return the options; OptionError where they contradict each other."""
    try:
        given, words = getopt.gnu_getopt(list(argv), _LETTERS, list(_LONG))
    except getopt.GetoptError as error:
        raise OptionError(f"Unrecognized option: -{error.opt}") from error
    short = {f"--{name.rstrip('=')}": letter for name, letter in _LONG.items()}
    values = {short.get(name, name.lstrip("-")): value for name, value in given}
    letters = frozenset(values)
    _refuse_contradictions(letters)
    form = values.get("m", "plain")
    if form not in FORMATS:
        raise OptionError(f"invalid print mode '{form}'")
    if "r" in letters and "e" not in letters:
        raise OptionError("option 'r' can only be used with option 'e'")
    return Options(letters, Path(values.get("c", str(PATH))), form, tuple(words))


def _refuse_contradictions(letters: frozenset[str]) -> None:
    against = {**_PRINTING, **_EDITING}
    for first in sorted(letters):
        for second in sorted(letters - {first}):
            both_modes = first < second and {first, second} <= set(_MODES)
            if both_modes or second in against.get(first, ""):
                raise OptionError(
                    f"option '{first}' can not be used with option '{second}'"
                )
