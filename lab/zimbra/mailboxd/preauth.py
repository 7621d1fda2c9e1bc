"""Preauth: a digest made with the domain's key instead of a password."""

import hashlib
import hmac
from collections.abc import Mapping

from .core import Mailboxd
from .directory import first
from .faults import Fault, auth_failed, denied
from .logs import LogContext
from .store import Entry

WINDOW_MILLISECONDS = 5 * 60 * 1000


def digest(key: str, fields: Mapping[str, str]) -> str:
    """Sign the values in the order of their names; the key is its ASCII text."""
    text = "|".join(fields[name] for name in sorted(fields))
    return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()


def check_preauth(
    mailboxd: Mailboxd,
    account: Entry,
    fields: Mapping[str, str],
    sent: str,
    log: LogContext,
) -> None:
    """Accept the digest or raise the fault; the log is written either way."""
    admin = "true" if fields.get("admin") == "1" else "false"
    start = f"cmd=PreAuth; account={account.name}; admin={admin};"
    reason = _refusal(mailboxd, account, fields, sent)
    if reason is None:
        mailboxd.logs.audit(log, start)
        return
    name = fields["account"]
    error = f"authentication failed for [{name}], {reason}"
    mailboxd.logs.audit(log, f"{start} error={error};", "WARN")
    raise auth_failed(name)


def _refusal(
    mailboxd: Mailboxd, account: Entry, fields: Mapping[str, str], sent: str
) -> str | None:
    domain = mailboxd.directory.domain_of(account)
    key = first(domain.attrs, "zimbraPreAuthKey") if domain else ""
    if not key:
        raise no_key()
    if first(account.attrs, "zimbraAccountStatus", "active") != "active":
        return "account(or domain) status is not active"
    timestamp = fields["timestamp"]
    now = mailboxd.clock() * 1000
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > WINDOW_MILLISECONDS:
        return "preauth timestamp is too old"
    if not hmac.compare_digest(digest(key, fields), sent.strip().lower()):
        return "preauth mismatch"
    return None


def no_key() -> Fault:
    """Say that the domain has no preauth."""
    return denied("preauth mechanism not enabled for domain")
