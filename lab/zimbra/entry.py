"""One entry of the directory as the tools speak of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """An entry's name, id, place, kind and own values."""

    name: str
    id: str
    dn: str
    kind: str
    attrs: dict[str, list[str]]

    def first(self, name: str) -> str | None:
        """Return the attribute's only or first own value."""
        values = self.attrs.get(name)
        return values[0] if values else None

    def is_true(self, name: str) -> bool:
        """Tell whether the entry itself says TRUE."""
        return self.first(name) == "TRUE"
