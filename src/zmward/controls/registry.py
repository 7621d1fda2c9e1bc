"""Finds every control: it exists by being a file in a topic's folder."""

from functools import cache
from importlib import import_module
from importlib.resources import files

from msgspec.structs import replace

from zmward.control import Control

_NOT_TOPICS = {"shapes", "__pycache__"}


def _load(topic: str, name: str) -> Control:
    module = import_module(f"zmward.controls.{topic}.{name}")
    control: Control = module.CONTROL
    if control.id != name.replace("_", "-"):
        raise ValueError(f"{topic}/{name}.py holds the control {control.id!r}")
    return replace(control, topic=topic)


@cache
def controls() -> dict[str, Control]:
    """Return every control by its id, in the order of topics and ids."""
    found = {}
    root = files("zmward.controls")
    for folder in sorted(root.iterdir(), key=lambda entry: entry.name):
        if not folder.is_dir() or folder.name in _NOT_TOPICS:
            continue
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            name, dot, suffix = entry.name.rpartition(".")
            if dot and suffix == "py" and not name.startswith("_"):
                control = _load(folder.name, name)
                found[control.id] = control
    return found
