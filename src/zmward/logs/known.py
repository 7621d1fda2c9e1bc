"""What lines told, in columns; what comes again is told by its number."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec.structs import replace

from zmward.catalog.log_pattern import Log
from zmward.logs.event import TWICE, Event

# So many bytes and parts are remembered; a longer part never is.
_BYTES, _PARTS = 16 << 20, 60_000
LONGEST_PART: Final = 800


Key = TypeVar("Key")
Value = TypeVar("Value")
Reader = TypeVar("Reader")
Of = TypeVar("Of")


class Memory(dict[Key, Value]):
    """Remembers what was found out by a key; without a way to, it is a plain table."""

    def __init__(self, find: Callable[[Key], Value] | None = None) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: Key) -> Value:
        """Find out what was not asked for before; what raises is not remembered."""
        if self._find is None:
            raise KeyError(key)
        value = self[key] = self._find(key)
        return value


class Known:
    """What events share, and the names in them, each once.

    It begins anew once it holds so much, so that nobody can fill our memory; `age` says
    how often that was, since numbers are of one age.
    """

    def __init__(self) -> None:
        self.age = 0
        self._begin()

    def _begin(self) -> None:
        self.whats: list[Event] = []
        self.names: list[str] = []
        # Whether other files may tell the same.
        self.twice: list[bool] = []
        self._whats: dict[Event, int] = {}
        self._names: dict[str, int] = {}
        self._heard: dict[Log, Any] = {}
        self._bytes = self._parts = 0

    def keep(self) -> None:
        """Begin anew where it holds too much: to be called between blocks alone."""
        if self._parts > _PARTS or self._bytes > _BYTES:
            self.age += 1
            self._begin()

    def heard(self, log: Log, made: Callable[[Of], Reader], of: Of) -> Reader:
        """Return what remembers parts of one log's lines, as numbers of this age."""
        known = self._heard.get(log)
        if known is None:
            known = self._heard[log] = made(of)
        return cast("Reader", known)

    def grown(self, size: int) -> None:
        """Note that something of so many bytes is remembered."""
        self._parts += 1
        self._bytes += size

    def what(self, event: Event) -> int:
        """Return the number of what an event shares with others of its sort."""
        shared = replace(event, when=0.0, source="", account="", key="")
        number = self._whats.get(shared)
        if number is None:
            number = self._whats[shared] = len(self.whats)
            self.whats.append(shared)
            self.twice.append(event.kind in TWICE)
            self.grown(len(event.line))
        return number

    def name(self, text: str) -> int:
        """Return the number of an address or account."""
        number = self._names.get(text)
        if number is None:
            number = self._names[text] = len(self.names)
            self.names.append(text)
            self.grown(len(text))
        return number


class Found(msgspec.Struct, gc=False):
    """Events of some lines in their order, as columns of their parts; most as numbers.

    `twice` has the places of those whose stamp comes twice, each with how much later
    its second turn is: which one it was, only the order of the whole file can tell.
    """

    whens: list[float] = []
    whats: list[int] = []
    sources: list[int] = []
    accounts: list[int] = []
    keys: list[str] = []
    twice: list[tuple[int, float]] = []
