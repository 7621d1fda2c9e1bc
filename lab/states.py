"""The states in which a server is found: what differs from the image."""

from pathlib import Path

from lab.image import LAB, ensure_image, top_layer
from lab.layers import Layer, digest, ensure

NAMES = ("default", "careless", "hardened")


def state_layer(name: str) -> Layer:
    """Return the layer of a state, without building it."""
    top = top_layer()
    inputs = [LAB / "states" / f"{name}.toml", LAB / "states" / name, LAB / "states.py"]
    return Layer(f"state-{name}", digest(inputs, top.digest), top)


def ensure_state(name: str) -> Layer:
    """Return the built layer of a state."""
    ensure_image()
    return ensure(state_layer(name), lambda root: _fill(root, name))


def _fill(root: Path, name: str) -> None:
    _ = root, name
