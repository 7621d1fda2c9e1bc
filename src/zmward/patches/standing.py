"""How an advisory stands on a node: it applies, does not, is fixed, or is unknown."""

from enum import StrEnum

import msgspec


class Standing(StrEnum):
    """What is said of one hole, worst first."""

    APPLIES = "applies"
    UNKNOWN = "unknown"
    FIXED = "fixed"
    NOT_APPLICABLE = "not_applicable"


class OnNode(msgspec.Struct, frozen=True):
    """How one hole stands on one node, and why.

    `installed` is the level of the component that holds the hole, `fix` the build of
    this line that surely closes it; both are empty where unknown.
    """

    node: str
    standing: Standing
    reason: str
    installed: str = ""
    fix: str = ""
