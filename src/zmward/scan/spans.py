"""Port numbers as people read them: 25, 80, 110-143."""

from collections.abc import Iterable


def spans(ports: Iterable[int]) -> str:
    """Return ports in order, neighbours joined; `none` where there are none."""
    found: list[tuple[int, int]] = []
    for port in sorted(set(ports)):
        if found and port == found[-1][1] + 1:
            found[-1] = (found[-1][0], port)
        else:
            found.append((port, port))
    shown = (str(a) if a == b else f"{a}-{b}" for a, b in found)
    return ", ".join(shown) or "none"
