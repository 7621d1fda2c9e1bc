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

# Reasons of mailboxd that are no wrong password: who is told one of them has guessed
# nothing, and whoever has an old telephone is told them all day.
NO_GUESS: Final = (
    r"(?:account lockout|empty password|account\(or domain\) status is|"
    r"missing +userPassword|alias login not enabled|must change your password|"
    r"(?:account is )?in maintenance|maintenance mode|system failure|"
    r"service temporarily unavailable|external LDAP auth failed"
    r"(?!(?i:.*(?:invalid credential|data 52[5e]|data 775)))"
    r"(?=(?i:.*(?:connect|time(?:d )?-?out|unavailable|server (?:is )?down|ssl|"
    r"certificate|data (?:53[0-3]|701|773)))))"
)
# The same of Postfix: nobody was asked whether the password is right.
NOT_ASKED: Final = (
    "(?:Connection lost to authentication server|generic failure|"
    "Invalid authentication mechanism)"
)


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
