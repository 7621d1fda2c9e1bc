"""Finds every source: it exists by being a Source in a module of this folder."""

from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from zmward.sources.source import Source

_FIRST = ("identity", "localconfig")


@cache
def sources() -> dict[str, Source[Any]]:
    """Return every source by its name; what names the host comes first."""
    found: dict[str, Source[Any]] = {}
    names = sorted(
        entry.name.removesuffix(".py")
        for entry in files("zmward.sources").iterdir()
        if entry.name.endswith(".py") and not entry.name.startswith("_")
    )
    for name in names:
        module = import_module(f"zmward.sources.{name}")
        for value in vars(module).values():
            if isinstance(value, Source):
                found[value.name] = value
    first = {name: found[name] for name in _FIRST if name in found}
    return {**first, **found}


def usual() -> tuple[Source[Any], ...]:
    """Return the sources that every collection asks."""
    return tuple(source for source in sources().values() if not source.for_plans)
