"""The shape of a zmprov command and the table of all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from .zmprov_backend import Backend

MANY = 10_000


class UsageError(Exception):
    """A command with arguments that it does not take; the text comes before usage."""


@dataclass(frozen=True)
class Session:
    """What a command works with."""

    backend: Backend
    out: TextIO
    safeguarded: frozenset[str] = frozenset()
    replace_safeguarded: bool = False


@dataclass(frozen=True)
class Command:
    """One command: its names, its arguments and what it does."""

    name: str
    short: str
    arguments: str
    category: str
    act: Callable[[Session, Sequence[str]], None]
    least: int = 0
    most: int = MANY
    only_ldap: bool = False

    def usage(self) -> str:
        """Return the line that usage errors print."""
        return f"{self.name}({self.short}) {self.arguments}".rstrip()


def flags(args: Sequence[str], known: str) -> tuple[set[str], list[str]]:
    """Split leading one-letter flags from the other arguments."""
    rest, found = list(args), set()
    while rest and rest[0].startswith("-") and rest[0][1:] in known.split():
        found.add(rest.pop(0)[1:])
    return found, rest


def by_word(commands: Sequence[Command]) -> Mapping[str, Command]:
    """Return the commands by both names, in lower case as zmprov takes them."""
    long = {command.name.lower(): command for command in commands}
    return long | {command.short.lower(): command for command in commands}
