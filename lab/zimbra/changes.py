"""A request to modify, from its +name, -name and name pairs to what is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .errors import invalid_request
from .schema import canonical


@dataclass
class Request:
    """What each attribute shall become, by canonical name."""

    replaced: dict[str, list[str]] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Return every attribute that the request touches."""
        return list(dict.fromkeys([*self.replaced, *self.added, *self.removed]))

    def new_values(self, name: str) -> list[str]:
        """Return the values that the request brings, without the empty one."""
        brought = [*self.replaced.get(name, ()), *self.added.get(name, ())]
        return [value for value in brought if value]

    def single(self, name: str) -> str | None:
        """Return the value that replaces the attribute, None if it is untouched."""
        values = self.replaced.get(name)
        return values[0] if values else None


def read_request(pairs: Iterable[tuple[str, str]]) -> Request:
    """Return the request of these pairs; refuse +name beside plain name."""
    request = Request()
    for given, value in pairs:
        sign, name = (given[0], given[1:]) if given[:1] in "+-" else ("", given)
        place = {"+": request.added, "-": request.removed, "": request.replaced}[sign]
        place.setdefault(canonical(name), []).append(value)
    for name in request.replaced:
        if name in request.added or name in request.removed:
            raise invalid_request(
                f"can't mix +attrName/-attrName with attrName: {name}"
            )
    return request


def outcome(request: Request, own: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the values that each touched attribute shall have, if they change.

    Present additions and absent removals are dropped here: the directory
    itself would refuse them (20 and 16).
    """
    wanted: dict[str, list[str]] = {}
    for name in request.names():
        present = list(own.get(name, ()))
        if name in request.replaced:
            values = [v for v in dict.fromkeys(request.replaced[name]) if v]
        else:
            gone = set(request.removed.get(name, ()))
            values = [v for v in present if v not in gone]
            # Several added values come back in reverse, as a real server has them.
            values += [
                v
                for v in reversed(dict.fromkeys(request.added.get(name, ())))
                if v not in values
            ]
        if values != present:
            wanted[name] = values
    return wanted
