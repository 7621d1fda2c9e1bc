"""What is known of each control's repair without a server: made from its examples."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec


class Repair(msgspec.Struct, frozen=True):
    """Commands of cures that are no attributes, restarts, what is left to a person."""

    commands: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()


@cache
def repairs() -> Mapping[str, Repair]:
    """Return what the examples of each control came to, by the control's id."""
    content = (files("zmward.catalog") / "repairs.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, Repair])
