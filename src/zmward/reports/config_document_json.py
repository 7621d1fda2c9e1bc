"""The site's page as a JSON document: its sections, each of tables, texts, commands."""

from typing import Final

import msgspec

from zmward.configuration.document import (
    Listing,
    Part,
    Reach,
    Section,
    Table,
    Text,
)
from zmward.exposure import Node

SCHEMA: Final = "zmward.config-document/1"


class TableShown(msgspec.Struct, frozen=True, tag="table"):
    """A table: `heads` name the columns, each row has as many texts."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class TextShown(msgspec.Struct, frozen=True, tag="text"):
    """A sentence; `doubt` says that something is not known."""

    text: str
    doubt: bool


class CommandsShown(msgspec.Struct, frozen=True, tag="commands"):
    """A procedure: what it is for, and its commands."""

    title: str
    lines: tuple[str, ...]


class ListenersShown(msgspec.Struct, frozen=True, tag="listeners"):
    """What listens on a node, and who reaches it."""

    node: Node


PartShown = TableShown | TextShown | CommandsShown | ListenersShown


class SectionShown(msgspec.Struct, frozen=True):
    """One block of the page."""

    name: str
    title: str
    parts: tuple[PartShown, ...]


class DocumentShown(msgspec.Struct, frozen=True, tag=SCHEMA, tag_field="schema"):
    """The page; `page` is the file that was written, None where none was named."""

    host: str
    when: str
    page: str | None
    left_out: tuple[str, ...]
    sections: tuple[SectionShown, ...]


def _part(part: Part) -> PartShown:
    match part:
        case Table():
            return TableShown(part.heads, part.rows)
        case Text():
            return TextShown(part.text, part.doubt)
        case Listing():
            return CommandsShown(part.title, part.lines)
        case Reach():
            return ListenersShown(part.node)


def shown(found: tuple[Section, ...]) -> tuple[SectionShown, ...]:
    """Return the sections of a page as the document has them."""
    return tuple(
        SectionShown(one.name, one.title, tuple(map(_part, one.parts))) for one in found
    )
