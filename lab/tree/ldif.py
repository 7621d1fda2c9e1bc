"""Entries of the generated directory and their LDIF."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Values = Mapping[str, Sequence[str]]

# RFC 2849: a value beginning with one of these, or holding a byte outside
# printable ASCII, is written in base64.
_UNSAFE_START = (" ", ":", "<")


@dataclass(frozen=True)
class Entry:
    """One entry of the directory."""

    dn: str
    classes: tuple[str, ...]
    attributes: Values

    def ldif(self) -> str:
        """Return the entry as one LDIF record."""
        lines = [_line("dn", self.dn)]
        lines += [_line("objectClass", name) for name in self.classes]
        lines += [
            _line(name, value)
            for name, values in self.attributes.items()
            for value in values
        ]
        return "\n".join(lines) + "\n"


def _line(name: str, value: str) -> str:
    plain = value.isascii() and value.isprintable() and not value.endswith(" ")
    if plain and not value.startswith(_UNSAFE_START):
        return f"{name}: {value}"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"


def ldif_text(entries: Iterable[Entry]) -> str:
    """Return the entries as one LDIF file."""
    return "\n".join(entry.ldif() for entry in entries)


def one(**values: str) -> dict[str, list[str]]:
    """Return single values in the shape that an entry holds."""
    return {name: [value] for name, value in values.items()}
