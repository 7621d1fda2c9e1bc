"""Looks at a dump of MariaDB while it passes by: whole, and how many tables."""

import re
from typing import Final

_TABLE = re.compile(rb"(?:^|\n)CREATE TABLE ")
_BEGUN = re.compile(rb"^(?:/\*M?!.*\n)?-- (?:MySQL|MariaDB) dump ", re.MULTILINE)
_COMPLETED: Final = b"-- Dump completed"
_HEAD: Final = 4096
_OVERLAP: Final = 16


class SqlDump:
    """What a dump of mysqldump's says of itself, fed in pieces."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self.tables = 0

    def feed(self, piece: bytes) -> None:
        """Take the next piece."""
        if len(self._head) < _HEAD:
            self._head = (self._head + piece)[:_HEAD]
        before = len(_TABLE.findall(self._tail[-_OVERLAP:]))
        found = len(_TABLE.findall(self._tail[-_OVERLAP:] + piece))
        self.tables += found - before
        self._tail = (self._tail + piece)[-_HEAD:]

    @property
    def commented(self) -> bool:
        """Say whether it was made with comments, which its end is known by."""
        return bool(_BEGUN.search(self._head))

    @property
    def completed(self) -> bool:
        """Say whether mysqldump came to its end."""
        return self._tail.rstrip().rpartition(b"\n")[2].startswith(_COMPLETED)
