"""The shape of a log pattern: a fast needle, then an exact expression.

The needle finds candidate lines at the speed of memory. The expression is held against
the message alone, which code has cut out of the line: stamp, thread, context and daemon
are never left to it, since clients choose words in them. Group names say what a match
means: `account` (resolved by the server), `typed` (as the client wrote it), `address`,
`protocol`, `error`.
"""

import re
from typing import Final, Literal, get_args

import msgspec

Log = Literal[
    "audit",
    "mailbox",
    "sync",
    "out",
    "nginx",
    "nginx-access",
    "access",
    "syslog",
    "auth",
]
LOGS: Final[tuple[Log, ...]] = get_args(Log)
# What happened, as the analysis counts it.
Kind = Literal[
    "failure",
    "unknown",
    "denied",
    "success",
    "lockout",
    "suspended",
    "preauth",
    "preauth-failure",
    "probe",
    "recipient",
    "flood",
    "quiet",
]


class Sample(msgspec.Struct, frozen=True):
    """A line as a server writes it, and what must be understood of it."""

    log: Log
    line: str
    source: str = ""
    account: str = ""
    protocol: str = ""


class Pattern(msgspec.Struct, frozen=True):
    """One message: where it stands, how it is found, what it means.

    `place` is the category of a mailboxd line or the daemon of a syslog line.
    """

    id: str
    logs: tuple[Log, ...]
    place: str
    needle: str
    message: str
    kind: Kind
    samples: tuple[Sample, ...]
    protocol: str = ""
    versions: str = ""
    note: str = ""

    @property
    def expression(self) -> re.Pattern[str]:
        """Return the compiled expression for the whole message."""
        return re.compile(self.message, re.DOTALL | re.ASCII)
