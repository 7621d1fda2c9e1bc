"""Text from servers made harmless: no control characters, no endless lines."""

_HARMLESS = {ord("\t"): " ", ord("\n"): " "}


def plain(text: str, limit: int = 400) -> str:
    """Return one line without anything that could steer a terminal."""
    flat = text.translate(_HARMLESS)
    safe = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in flat)
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"
