"""A comparison of rules with a policy as JSON: the schema `zmward.check/1`."""

from typing import Final

import msgspec

from zmward.firewall.checked import Checked, Deviating
from zmward.firewall.compare import Kind
from zmward.firewall.ranges import Family
from zmward.firewall.room import Room
from zmward.reports.firewall_words import ranges_of

SCHEMA: Final = "zmward.check/1"


class DifferenceShown(msgspec.Struct, frozen=True):
    """Packets that the rules treat in another way than the whitelist does."""

    kind: Kind
    what: str
    names: tuple[str, ...]
    sources: tuple[str, ...]
    interfaces: tuple[str, ...]
    listeners: tuple[str, ...] | None
    said: tuple[str, ...]


class CheckShown(msgspec.Struct, frozen=True):
    """How a node's rules differ from its whitelist, as a document."""

    schema: str
    host: str
    when: str
    rules: str
    families: tuple[Family, ...]
    equal: bool | None
    unfiltered: tuple[Family, ...]
    differences: tuple[DifferenceShown, ...]
    incomplete: tuple[str, ...]
    assumed: str
    bans: int
    full: tuple[Room, ...]


def _difference(one: Deviating) -> DifferenceShown:
    return DifferenceShown(
        *(one.kind, one.what, one.names, ranges_of(one.sources), one.by, one.listeners),
        one.said,
    )


def document(
    found: Checked,
    when: str,
    rules: str,
    assumed: str,
    full: tuple[Room, ...] = (),
) -> CheckShown:
    """Return the document; `rules` says where the rules are from.

    `full` are sets of ours that are nearly full.
    """
    equal = not found.deviations if found.complete else None
    return CheckShown(
        *(SCHEMA, found.host, when, rules, found.families, equal, found.unfiltered),
        tuple(map(_difference, found.deviations)),
        found.reasons,
        assumed,
        found.bans,
        full,
    )


def render(found: CheckShown) -> str:
    """Return the document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"
