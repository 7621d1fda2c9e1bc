"""Our jails as rows: what each reads, which lines it counts, where it is placed.

A raw log is read only where the whole begin of a line is the server's own word. What
mailboxd and nginx write holds words of clients before or around the address, so that
jail reads the event log, in which `zmward logs follow` has told them apart. Of mailboxd
it counts audit.log alone: mailbox.log, sync.log and nginx's error log hold what clients
send with its line ends, so that anybody can write whole lines there.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from zmward.catalog.log_pattern import NOT_ASKED
from zmward.logs.compact import EVENTS
from zmward.logs.event import Event

# Also the event logs of other nodes, which are handed over under names like these.
EVENT_LOGS: Final = EVENTS.replace(".log", "*.log")
MAIL_LOG: Final = "/var/log/zimbra.log"
BAN_LOG: Final = "/var/log/fail2ban.log"
_FAILED: Final = frozenset(("failure", "unknown"))
_ISO: Final = "^%%Y-%%m-%%dT%%H:%%M:%%S"


class Jail(msgspec.Struct, frozen=True):
    """One jail; `counts` says of an event whether one of its lines tells it.

    `dates` and `lines` are fail2ban's datepattern and failregex; `@WAYS@` stands for
    how the client's address must be known. `services` are rows of catalog/ports.py.
    """

    name: str
    about: str
    log: str
    dates: tuple[str, ...]
    lines: tuple[str, ...]
    services: tuple[str, ...]
    counts: Callable[[Event], bool]

    @property
    def recidive(self) -> bool:
        """Say whether it reads of the bans of the others."""
        return self.log == BAN_LOG


# Where the address may be known only from a proxy of another node, a ban here would
# keep nobody out: there the proxy's node bans.
EITHER: Final = "(?:direct|proxy)"
DIRECT: Final = "direct"


class Placed(msgspec.Struct, frozen=True):
    """A jail on one server: its ports there, and how addresses must be known."""

    jail: Jail
    ports: tuple[int, ...]
    ways: str = EITHER

    def counts(self, event: Event) -> bool:
        """Say whether a line of the jail's log tells this event, and counts there."""
        known = self.ways == EITHER or event.via == DIRECT
        return known and self.jail.counts(event)


def _smtp(event: Event) -> bool:
    """Say whether Postfix itself tells of it: only its line has the address."""
    return event.log == "syslog" and event.kind in _FAILED and event.source != ""


def _login(event: Event) -> bool:
    """Say whether audit.log tells that somebody could not log in to mailboxd.

    By SMTP too, since a web client can announce that protocol. But who asks directly
    for an SMTP client is an MTA.
    """
    guess = event.kind in _FAILED and event.log == "audit"
    ways = ("proxy",) if event.protocol == "smtp" else ("direct", "proxy")
    return guess and event.via in ways and event.source != ""


def _never(event: Event) -> bool:
    del event
    return False


SMTP: Final = Jail(
    "zmward-smtp",
    "failed SMTP logins, as Postfix tells them",
    MAIL_LOG,
    ("^%%b %%d %%H:%%M:%%S", rf"{_ISO}(?:\.%%f)?%%z"),
    (
        (
            r"^ \S+ postfix(?:/[\w./-]+)?\[\d+\]: (?:message repeated \d+ times: \[ )?"
            r"warning: [^\s\[]*\[<ADDR>\](?::\d+)?: SASL [\w-]+ authentication "
            rf"failed:\s(?!{NOT_ASKED})"
        ),
    ),
    ("smtp", "smtps", "submission"),
    _smtp,
)
LOGIN: Final = Jail(
    "zmward-login",
    "failed logins by web, IMAP, POP and at the admin console, from the event log",
    EVENT_LOGS,
    # A plain Z would be read as local time.
    (f"{_ISO}%%z",),
    (r"^ (?:failure|unknown) <ADDR> (?!smtp direct )\S+ @WAYS@ audit\s",),
    (
        *("http", "https", "pop3", "pop3s", "imap", "imaps", "proxy-admin"),
        *("mailbox-admin", "mailbox-http", "mailbox-https"),
    ),
    _login,
)
RECIDIVE: Final = Jail(
    "zmward-recidive",
    "addresses that one of our jails has banned several times",
    BAN_LOG,
    ("^%%Y-%%m-%%d %%H:%%M:%%S,%%f",),
    (
        (
            r"^ ?fail2ban\.actions\s+\[\d+\]: NOTICE\s+\[zmward-(?:smtp|login)\] "
            r"Ban <ADDR>\s*$"
        ),
    ),
    (),
    _never,
)
JAILS: Final = (SMTP, LOGIN, RECIDIVE)
