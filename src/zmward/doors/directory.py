"""What a door to Zimbra's directory can do, and what is never written through it.

`SoapDirectory` (soap_directory.py) speaks to mailboxd, `ZmprovDirectory` (zmprov.py)
works while mailboxd is down, `RecordedDirectory` (recorded_directory.py) is memory.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from zmward.catalog.attributes import attributes, exact_names
from zmward.errors import Refused

Values = tuple[str, ...]
Own = dict[str, Values | None]
KINDS: Final = ("global", "server", "cos", "domain", "account")
# Faults that are not Zimbra's own codes.
DOWN: Final = "mailboxd.down"
SILENT: Final = "mailboxd.silent"
NO_CURL: Final = "host.no_curl"
# What passes: mailboxd starts, is overloaded, or was lost on the way.
PASSING: Final = frozenset({DOWN, SILENT, "http.503", "http.429"})

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BINARY = frozenset({"binary", "certificate"})


class Directory(Protocol):
    """A way to Zimbra's directory that tells own values from inherited ones."""

    def read(self, target: str, attributes: Iterable[str]) -> Own:
        """Return an object's own values; None means: not set there."""

    def read_many(self, wanted: Mapping[str, Iterable[str]]) -> dict[str, Own]:
        """Return the own values of several objects, asked together."""

    def write(self, target: str, values: Mapping[str, Values | None]) -> None:
        """Set attributes of one object, all or none; None gives inheritance back."""

    def flush(self, kinds: Iterable[str]) -> None:
        """Make every mailbox server forget what it remembers of these kinds."""

    def close(self) -> None:
        """End the session."""


def divided(target: str) -> tuple[str, str]:
    """Return kind and name of a target such as `global`, `server:N` or `cos:N`."""
    kind, _, name = target.partition(":")
    if kind not in KINDS or (kind == "global") != (target == "global"):
        raise Refused(f"{target!r} is no object of the directory.")
    if kind != "global" and (not name or _UNWRITABLE.search(name)):
        raise Refused(f"{target!r} does not name an object.")
    # Principals of Zimbra itself (cn=admins, cn=appaccts) have no domain.
    if kind == "account" and not re.fullmatch(r"[^@]+@[^@]+", name):
        raise Refused(
            f"{target} is one of Zimbra's own accounts, or none: not touched."
        )
    return kind, name


def named(asked: Iterable[str]) -> tuple[str, ...]:
    """Return the attributes' names, once each; what cannot be a name is Refused."""
    names = tuple(dict.fromkeys(asked))
    for name in names:
        if not _NAME.fullmatch(name):
            raise Refused(f"{name!r} is no attribute's name.")
    return names


def checked(target: str, values: Mapping[str, Values | None]) -> dict[str, Values]:
    """Return what to write, () for unset; what is never written is Refused."""
    divided(target)
    found: dict[str, Values] = {}
    for name in named(values):
        wanted = values[name]
        row = attributes().get(exact_names().get(name.lower(), ""))
        if row is not None and (row.immutable or row.deprecated_since):
            raise Refused(f"{name} is immutable or deprecated: not written.")
        if row is not None and row.type in _BINARY:
            raise Refused(f"{name} is not text: not written.")
        if wanted is not None and (not wanted or "" in wanted):
            raise Refused(f"{name} of {target}: an empty value cannot be stored.")
        found[name] = tuple(dict.fromkeys(wanted or ()))
        for value in found[name]:
            if _UNWRITABLE.search(value):
                raise Refused(
                    f"{name} of {target}: a value holds control characters, "
                    "which no request can carry."
                )
    if not found:
        raise Refused(f"{target}: nothing to write.")
    return found


def untouchable(values: Mapping[str, Values | None]) -> bool:
    """Say whether an account's own values make it a system account or a resource."""
    low = {name.lower(): value or () for name, value in values.items()}
    flags = ("zimbraissystemaccount", "zimbraissystemresource")
    classes = [value.lower() for value in low.get("objectclass", ())]
    return (
        any("TRUE" in low.get(flag, ()) for flag in flags)
        or bool(low.get("zimbracalrestype"))
        or "zimbracalendarresource" in classes
    )


# What an account must be asked for before anything is written to it.
NATURE: Final = (
    *("zimbraId", "zimbraIsSystemAccount", "zimbraIsSystemResource"),
    *("zimbraCalResType", "objectClass"),
)
