"""Names of files, which are bytes, as text that can be turned back into them.

Python gives a byte that is no UTF-8 as a lone surrogate, which no JSON may hold. Here
each byte of what cannot be printed is written as backslash, x and two digits, and a
backslash itself is doubled: so a name can be copied out of a report.
"""

import re

_ESCAPED = re.compile(rb"\\(?:\\|x([0-9a-f]{2}))")


def shown(name: str) -> str:
    """Return a name as the system gave it to Python as text that can be printed."""
    if name.isprintable() and "\\" not in name:
        return name
    return "".join(map(_escaped, name))


def _escaped(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char.isprintable():
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))


def _raw(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),)) if match[1] else b"\\"


def named(text: str) -> str:
    """Return the name that a text stands for, as Python gives it to the system."""
    if "\\" not in text:
        return text
    raw = _ESCAPED.sub(_raw, text.encode("utf-8"))
    return raw.decode("utf-8", "surrogateescape")
