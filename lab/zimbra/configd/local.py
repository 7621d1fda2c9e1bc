"""localconfig as zmconfigd and its companions read it."""

from .. import localconfig  # noqa: TID252 -- the package has another name in a node


def local_values() -> dict[str, str]:
    """Return every localconfig key with its references expanded."""
    found = localconfig.load()
    return {name: found.get(name) or "" for name in found.names()}
