"""The words of one line of zmprov's own shell."""


def _escaped(line: str, place: int) -> tuple[str, int]:
    return line[place + 1 : place + 2], place + 2


def _quoted(line: str, place: int, quote: str) -> tuple[str, int]:
    text = ""
    while place < len(line) and line[place] != quote:
        if line[place] == "\\" and quote == '"':
            letter, place = _escaped(line, place)
        else:
            letter, place = line[place], place + 1
        text += letter
    return text, place + 1


def words(line: str) -> list[str]:
    """Return the words: blanks part them, quotes and backslashes hold them."""
    found: list[str] = []
    current: str | None = None
    place = 0
    while place < len(line):
        letter = line[place]
        if letter.isspace():
            if current is not None:
                found.append(current)
            current, place = None, place + 1
        elif letter in "\"'":
            text, place = _quoted(line, place + 1, letter)
            current = (current or "") + text
        elif letter == "\\":
            text, place = _escaped(line, place)
            current = (current or "") + text
        else:
            current, place = (current or "") + letter, place + 1
    return found if current is None else [*found, current]
