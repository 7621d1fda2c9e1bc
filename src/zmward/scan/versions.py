"""Version numbers in what a service says of itself."""

import re

# Addresses have four numbers, names of hosts letters before them.
_VERSION = re.compile(
    r"(?<![\w.\-\[@<])v?(\d{1,3}(?:\.\d{1,5}){1,2}(?:[._-][A-Za-z]\w{0,30})*)(?![\w.-])"
)
_RELEASE_DATE = re.compile(r"(?<![\w.-])(20\d{6})(?![\w.-])")
_LONGEST = 1000


def version_in(text: str) -> str:
    """Return the first version in a text, else a date of release; empty if none."""
    text = text[:_LONGEST]
    found = _VERSION.search(text) or _RELEASE_DATE.search(text)
    return found[1] if found else ""
