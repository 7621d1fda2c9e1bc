"""Zimbra's attributes as rows: type, objects, inheritance, defaults, restarts."""

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

Scope = Literal["globalConfig", "server", "domain", "cos", "account"]


class Defaults(msgspec.Struct, frozen=True, rename="camel"):
    """The values that a new installation writes, by object."""

    global_config: tuple[str, ...] = ()
    cos: tuple[str, ...] = ()
    external_cos: tuple[str, ...] = ()


class Attribute(msgspec.Struct, frozen=True, rename="camel"):
    """One attribute of the schema (about 10.1.3)."""

    type: str
    multi: bool
    objects: tuple[str, ...]
    inherited: tuple[str, ...] = ()
    defaults: Defaults = Defaults()
    since: str = ""
    restart: tuple[str, ...] = ()
    immutable: bool = False
    deprecated_since: str = ""


@cache
def attributes() -> dict[str, Attribute]:
    """Return every attribute by its exact name."""
    content = (files("zmward.catalog") / "attributes.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, Attribute])


@cache
def exact_names() -> dict[str, str]:
    """Return the exact spelling of each attribute by its lower-case name."""
    return {name.lower(): name for name in attributes()}
