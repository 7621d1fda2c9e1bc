"""A directory that is asked again while mailboxd is slow, overloaded or restarting.

Every request can be repeated: reading changes nothing, and writing sets whole values.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from zmward.doors.directory import DOWN, PASSING, Directory, Own, Values
from zmward.errors import Fault

T = TypeVar("T")
_PAUSES = (2.0, 5.0, 15.0, 30.0)


class Patient:
    """Asks the directory that `opened` gives; `again` is told before each repetition.

    `again` closes the directory and waits, so that its way is chosen anew.
    """

    def __init__(
        self,
        opened: Callable[[], Directory],
        again: Callable[[Fault, float], None],
    ) -> None:
        self._opened, self._again = opened, again

    def read(self, target: str, attributes: Iterable[str]) -> Own:
        """Return an object's own values; None means: not set there."""
        names = tuple(attributes)
        return self._asked(lambda way: way.read(target, names))

    def read_many(self, wanted: Mapping[str, Iterable[str]]) -> dict[str, Own]:
        """Return the own values of several objects, asked together."""
        names = {target: tuple(asked) for target, asked in wanted.items()}
        return self._asked(lambda way: way.read_many(names))

    def write(self, target: str, values: Mapping[str, Values | None]) -> None:
        """Set attributes of one object, all or none; None gives inheritance back."""
        self._asked(lambda way: way.write(target, values))

    def flush(self, kinds: Iterable[str]) -> None:
        """Make every mailbox server forget what it remembers of these kinds."""
        names = tuple(kinds)
        self._asked(lambda way: way.flush(names))

    def close(self) -> None:
        """End the session."""
        self._opened().close()

    def _asked(self, act: Callable[[Directory], T]) -> T:
        for pause in _PAUSES:
            try:
                return act(self._opened())
            except Fault as error:
                if error.fault not in PASSING:
                    raise
                # Who is gone for good is found out by choosing the way anew.
                self._again(error, 0.0 if error.fault == DOWN else pause)
        return act(self._opened())
