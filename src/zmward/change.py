"""A change that can be shown, applied and taken back: one value per kind.

The union is closed. Each kind knows its target, its inverse and the very commands
that an administrator would type; who carries it out is the engine's matter.
"""

from typing import Literal

import msgspec

from zmward.catalog.attributes import attributes
from zmward.catalog.localconfig import keys

_VERBS = {"server": "ms", "cos": "mc", "domain": "md", "account": "ma"}

Kind = Literal["set-attr", "set-localconfig"]


class SetAttr(msgspec.Struct, frozen=True, tag="set-attr", tag_field="kind"):
    """Sets one attribute of one object of the directory.

    `target` is `global`, `server:NAME`, `cos:NAME`, `domain:NAME` or `account:NAME`.
    `before` and `after` are the object's own values; None means that none is set
    there, so that an inherited value shows through.
    """

    target: str
    attribute: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None

    @property
    def place(self) -> tuple[str, str]:
        """Return what two changes must not share."""
        return self.target, self.attribute

    def inverse(self) -> "SetAttr":
        """Return the change that gives the old own values back."""
        return SetAttr(self.target, self.attribute, self.after, self.before)

    def commands(self) -> tuple[tuple[str, ...], ...]:
        """Return the zmprov line that does the same."""
        kind, _, name = self.target.partition(":")
        verb = ("mcf",) if kind == "global" else (_VERBS[kind], name)
        pairs = [
            word for value in self.after or ("",) for word in (self.attribute, value)
        ]
        return (("zmprov", *verb, *pairs),)

    def restarts(self) -> tuple[str, ...]:
        """Return the services that must restart before the value works."""
        row = attributes().get(self.attribute)
        return () if row is None else row.restart


class SetLocalConfig(
    msgspec.Struct, frozen=True, tag="set-localconfig", tag_field="kind"
):
    """Sets one localconfig key on one host; None means: not in the file."""

    target: str
    key: str
    before: str | None
    after: str | None

    @property
    def place(self) -> tuple[str, str]:
        """Return what two changes must not share."""
        return self.target, self.key

    def inverse(self) -> "SetLocalConfig":
        """Return the change that gives the old value back."""
        return SetLocalConfig(self.target, self.key, self.after, self.before)

    def commands(self) -> tuple[tuple[str, ...], ...]:
        """Return the zmlocalconfig line that does the same, run as user zimbra."""
        if self.after is None:
            return (("zmlocalconfig", "-u", self.key),)
        return (("zmlocalconfig", "-e", f"{self.key}={self.after}"),)

    def restarts(self) -> tuple[str, ...]:
        """Return the services that must restart before the value works."""
        row = keys().get(self.key)
        return () if row is None or row.reloadable else row.restart


Change = SetAttr | SetLocalConfig
