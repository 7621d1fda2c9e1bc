"""Text from servers made harmless: nothing in it steers a terminal or hides.

Control characters, bidirectional controls and invisible characters become the escapes
by which Python and shells write them.
"""

import shlex

_BYTE = 0xFF
_WORD = 0xFFFF
# A byte that was no UTF-8 is kept by Python as a lone surrogate of this range.
_RAW = range(0xDC80, 0xDD00)


def _escape(char: str) -> str:
    code = ord(char)
    if code in _RAW:
        code -= 0xDC00
    if code <= _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _WORD else f"\\U{code:08x}"


def visible(text: str) -> str:
    """Return the text with every unprintable character but the newline escaped."""
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def _unit(char: str) -> str:
    units = memoryview(char.encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(f"\\u{unit:04x}" for unit in units)


def in_json(document: str) -> str:
    """Return the same JSON with unprintable characters as its own escapes."""
    # Nearly all lines are printable: a document may have a million of them.
    return "\n".join(
        line
        if line.isprintable()
        else "".join(c if c.isprintable() else _unit(c) for c in line)
        for line in document.split("\n")
    )


def plain(text: str, limit: int = 400) -> str:
    """Return one line without anything that could steer a terminal."""
    safe = visible(" ".join(text.split("\n")).replace("\t", " "))
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def _word(word: str) -> str:
    if word.isprintable():
        return shlex.quote(word)
    quoted = word.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"$'{visible(quoted)}'"


def command(argv: tuple[str, ...]) -> str:
    """Return an argument list as one line that bash reads as the very same list."""
    return " ".join(_word(word) for word in argv)
