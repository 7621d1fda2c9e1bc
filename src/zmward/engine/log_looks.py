"""Whether a file looks like the log that it is called: else nothing in it is read.

A report on something else would say that nobody attacks.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

from zmward.catalog.log_pattern import Log
from zmward.doors.log_files import LogFiles, Opened

_PART: Final = 1 << 16
_MAILBOXD: Final = re.compile(rb"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d", re.MULTILINE)
_WEB: Final = re.compile(rb"^\S+ - .*\[\d\d/[A-Z][a-z]{2}/\d{4}:", re.MULTILINE)
_SYSLOG: Final = re.compile(
    rb"^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:|\d{4}-\d\d-\d\dT\d\d:)",
    re.MULTILINE,
)
_LOOKS: Final[Mapping[Log, re.Pattern[bytes]]] = {
    "audit": _MAILBOXD,
    "mailbox": _MAILBOXD,
    "sync": _MAILBOXD,
    "nginx": re.compile(rb"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", re.MULTILINE),
    "nginx-access": _WEB,
    "access": _WEB,
    "syslog": _SYSLOG,
    "auth": _SYSLOG,
}


def _strange(one: Opened) -> bool:
    looks = _LOOKS.get(one.log)
    if looks is None or one.packed or one.size <= one.begin:
        return False
    file = one.file.fileno()
    for begin in (one.begin, max(one.size - _PART, one.begin)):
        block = os.pread(file, min(_PART, one.size - begin), begin)
        if looks.search(block) or b"\n" not in block:
            return False
    return True


def looked_at(files: LogFiles) -> None:
    """Note each file in which no line begins as lines of its log do."""
    for one in files.opened:
        try:
            strange = _strange(one)
        except OSError:
            continue  # it is said when it is read
        if strange:
            files.missed(
                f"{one.path} does not look like this log: no line of it begins as its "
                "lines do"
            )
