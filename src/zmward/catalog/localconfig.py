"""Zimbra's localconfig keys as rows: compiled default and who must restart."""

from functools import cache
from importlib.resources import files

import msgspec


class Key(msgspec.Struct, frozen=True, rename="camel"):
    """One localconfig key; default None means that the code compiles none in."""

    default: str | None = None
    restart: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    protected_key: bool = False
    reloadable: bool = False


@cache
def keys() -> dict[str, Key]:
    """Return every known localconfig key."""
    content = (files("zmward.catalog") / "localconfig.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, Key])
