"""A login over IMAP or POP3, with the log lines of those protocols."""

import base64
import binascii
from dataclasses import dataclass

from .authentication import Attempt, Refusal
from .core import Mailboxd
from .faults import Fault
from .logs import LogContext
from .store import Entry


@dataclass(frozen=True)
class Credentials:
    """A name and password and the mechanism that brought them."""

    name: str
    password: str
    mechanism: str = "LOGIN"


def decode_plain(text: str) -> Credentials | None:
    """Read the answer of SASL PLAIN (RFC 4616)."""
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    parts = decoded.split("\0")
    if len(parts) != 3:  # noqa: PLR2004 - authorize, authenticate, password
        return None
    return Credentials(parts[1], parts[2], "PLAIN")


def log_in(
    mailboxd: Mailboxd,
    given: Credentials,
    protocol: str,
    log: LogContext,
    *,
    secure: bool,
) -> Entry | None:
    """Judge a login and write what the real server writes; None is refused."""
    account = mailboxd.authenticator.account(given.name)
    if account is None:
        text = f"authentication failed for {given.name} (no such account)"
        mailboxd.logs.mailbox(log, "account", text)
        return None
    if not mailboxd.authenticator.enabled(account, protocol, log):
        return None
    attempt = Attempt(given.name, given.password, protocol)
    category = "imap" if protocol == "imap" else "pop"
    try:
        account = mailboxd.authenticator.check(account, attempt, log)
    except Refusal as refusal:
        text = f"authentication failed for [{given.name}] ({refusal.reason})"
        mailboxd.logs.mailbox(log, category, text)
        return None
    except Fault as fault:
        mailboxd.logs.mailbox(log, category, fault.message, "WARN")
        return None
    suffix = " [TLS]" if secure else ""
    text = f"user {account.name} authenticated, mechanism={given.mechanism}{suffix}"
    mailboxd.logs.mailbox(log, category, text)
    return account
