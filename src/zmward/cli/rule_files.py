"""Files of rules that are named on the command line."""

from pathlib import Path

from zmward.errors import BadFile

_LARGEST = 256 << 20


def content(path: str) -> str:
    """Return the text of a file of rules."""
    try:
        with Path(path).open("rb") as file:
            found = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(found) > _LARGEST:
        raise BadFile(f"{path} is larger than any rule set.")
    return found.decode("utf-8", "replace")
