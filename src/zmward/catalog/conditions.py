"""Conditions under which a hole is open, as rows without code.

zmward.patches.met evaluates them on evidence; what evidence cannot say is unknown.
"""

from typing import Final, Literal, Union, get_args

import msgspec

Kind = Literal["server", "cos", "domain", "account"]
EditionName = Literal["FOSS", "NETWORK"]
EDITIONS: Final[frozenset[str]] = frozenset(get_args(EditionName))


class Package(msgspec.Struct, frozen=True, tag="package", forbid_unknown_fields=True):
    """A package is installed on the node."""

    name: str


class Attribute(
    msgspec.Struct, frozen=True, tag="attribute", forbid_unknown_fields=True
):
    """One object of a kind holds one of the values in each attribute; () means any.

    A server without a value of its own has the global one; `unset` is what the
    absence of every value means.
    """

    kinds: tuple[Kind, ...]
    values: dict[str, tuple[str, ...]]
    unset: bool | None = None


class LocalKey(
    msgspec.Struct, frozen=True, tag="localconfig", forbid_unknown_fields=True
):
    """A key of localconfig has one of the values; `unset` is what its absence means."""

    key: str
    values: tuple[str, ...]
    unset: bool | None = None


class Zimlet(msgspec.Struct, frozen=True, tag="zimlet", forbid_unknown_fields=True):
    """A zimlet is deployed on the node."""

    name: str


class Extension(
    msgspec.Struct, frozen=True, tag="extension", forbid_unknown_fields=True
):
    """A folder of the mailbox server's extensions holds a program."""

    name: str


class Pax(msgspec.Struct, frozen=True, tag="pax", forbid_unknown_fields=True):
    """Amavis finds the program pax."""


class SecondFactor(
    msgspec.Struct, frozen=True, tag="second-factor", forbid_unknown_fields=True
):
    """Somebody uses a second factor."""


class AppPasswords(
    msgspec.Struct, frozen=True, tag="app-passwords", forbid_unknown_fields=True
):
    """Some account has a password of an application."""


class Edition(msgspec.Struct, frozen=True, tag="edition", forbid_unknown_fields=True):
    """The node has this edition of Zimbra."""

    name: EditionName


class Sudo(msgspec.Struct, frozen=True, tag="sudo", forbid_unknown_fields=True):
    """User zimbra may run a program as root by sudo."""

    program: str


class Helper(
    msgspec.Struct, frozen=True, tag="amavis-helper", forbid_unknown_fields=True
):
    """Amavis finds a helper that is not Zimbra's own: a program or a module of Perl."""

    name: Literal["rar", "parse-excel"]


class AllOf(msgspec.Struct, frozen=True, tag="all", forbid_unknown_fields=True):
    """Every part holds."""

    parts: tuple["Condition", ...]


class AnyOf(msgspec.Struct, frozen=True, tag="any", forbid_unknown_fields=True):
    """At least one part holds."""

    parts: tuple["Condition", ...]


class Not(msgspec.Struct, frozen=True, tag="not", forbid_unknown_fields=True):
    """The part does not hold."""

    part: "Condition"


class ByHand(msgspec.Struct, frozen=True, tag="by-hand", forbid_unknown_fields=True):
    """What no evidence says: a person must look."""

    text: str


Condition = Union[  # noqa: UP007  # a forward reference of its own parts
    Package,
    Attribute,
    LocalKey,
    Zimlet,
    Extension,
    Pax,
    SecondFactor,
    AppPasswords,
    Edition,
    Sudo,
    Helper,
    AllOf,
    AnyOf,
    Not,
    ByHand,
]
