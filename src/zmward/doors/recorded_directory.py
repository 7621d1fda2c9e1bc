"""The directory in memory, for tests and the demo, with mishaps at chosen moments."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from zmward.catalog.attributes import attributes
from zmward.doors.directory import (
    DOWN,
    NATURE,
    Own,
    Values,
    checked,
    divided,
    named,
    untouchable,
)
from zmward.errors import Fault, Refused

Objects = Mapping[str, Mapping[str, Values]]
_WHERE: Final = "the recorded directory"


class Mishap(msgspec.Struct, frozen=True):
    """What goes wrong at the n-th request, counted from 1.

    `done` means that the request was carried out and only its answer was lost;
    `lasting` that every later request fails in the same way.
    """

    request: int
    fault: str = "service.FAILURE"
    text: str = "system failure: as the test wishes"
    done: bool = False
    lasting: bool = False


def mailboxd_dies(request: int) -> Mishap:
    """Return the mishap after which nobody answers any more."""
    return Mishap(request, DOWN, "nothing answers on the admin port", lasting=True)


class RecordedDirectory:
    """Objects by target, each with its own values by exact attribute name."""

    def __init__(
        self,
        objects: Objects,
        mishaps: Sequence[Mishap] = (),
        token_lasts: int | None = None,
    ) -> None:
        self.objects = {target: dict(own) for target, own in objects.items()}
        self.mishaps = tuple(mishaps)
        self.requests = 0
        self.logins = 1
        self.written: list[tuple[str, dict[str, Values | None]]] = []
        self.flushed: list[tuple[str, ...]] = []
        self.closed = False
        self._token_lasts = token_lasts
        self._used = 0

    def read(self, target: str, attributes: Iterable[str]) -> Own:
        """Return an object's own values; None means: not set there."""
        return self.read_many({target: attributes})[target]

    def read_many(self, wanted: Mapping[str, Iterable[str]]) -> dict[str, Own]:
        """Return the own values of several objects, by one request."""
        names = {target: named(asked) for target, asked in wanted.items()}
        for target in wanted:
            divided(target)
        lost = self._begin()
        found = {
            target: {name: self._object(target).get(name) for name in asked}
            for target, asked in names.items()
        }
        self._end(lost)
        return found

    def write(self, target: str, values: Mapping[str, Values | None]) -> None:
        """Set attributes of one object, all or none; None gives inheritance back."""
        wanted = checked(target, values)
        lost = self._begin()
        own = self._object(target)
        nature = {name: own.get(name) for name in NATURE}
        if target.startswith("account:") and untouchable(nature):
            raise Refused(f"{target} is a system account or a resource: not touched.")
        for name, found in wanted.items():
            _judge(name, found)
        for name, found in wanted.items():
            own.pop(name, None)
            if found:
                own[name] = found
        self.written.append((target, dict(values)))
        self._end(lost)

    def flush(self, kinds: Iterable[str]) -> None:
        """Note what was to be flushed."""
        lost = self._begin()
        self.flushed.append(tuple(sorted(kinds)))
        self._end(lost)

    def close(self) -> None:
        """Note that the session has ended."""
        self.closed = True

    def _object(self, target: str) -> dict[str, Values]:
        found = self.objects.get(target)
        if found is None:
            kind, name = divided(target)
            code = f"account.NO_SUCH_{kind.upper()}"
            raise Fault(code, f"no such {kind}: {name}", _WHERE)
        return found

    def _begin(self) -> Mishap | None:
        """Count a request; return the mishap that comes after it, if any."""
        self.requests += 1
        if self._token_lasts is not None and self._used >= self._token_lasts:
            self.logins += 1
            self._used = 0
        self._used += 1
        for mishap in self.mishaps:
            later = mishap.lasting and self.requests > mishap.request
            if self.requests == mishap.request or later:
                if mishap.done and not later:
                    return mishap
                raise Fault(mishap.fault, mishap.text, _WHERE)
        return None

    def _end(self, lost: Mishap | None) -> None:
        if lost is not None:
            raise Fault(lost.fault, lost.text, _WHERE)


def _judge(name: str, values: Values) -> None:
    """Raise the faults that Zimbra has for the plainest mistakes."""
    row = attributes().get(name)
    if row is None:
        text = f"invalid attr name: {name}: attribute type undefined"
        raise Fault("account.INVALID_ATTR_NAME", text, _WHERE)
    if row.type == "boolean" and set(values) - {"TRUE", "FALSE"}:
        text = f"{name} must be TRUE or FALSE"
        raise Fault("account.INVALID_ATTR_VALUE", text, _WHERE)
    if len(values) > 1 and not row.multi:
        text = f"system failure: {name} takes one value"
        raise Fault("service.FAILURE", text, _WHERE)
