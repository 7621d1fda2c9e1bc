"""Accounts that lock themselves after too many wrong passwords."""

import hashlib

from .clock import Clock, from_gentime, gentime, seconds
from .directory import Directory, first
from .logs import LogContext, Logs
from .store import Attributes, Entry


class Lockout:
    """Counts failures on the account entry, as zimbraPasswordLockout* say."""

    def __init__(self, directory: Directory, logs: Logs, clock: Clock) -> None:
        self._directory = directory
        self._logs = logs
        self._clock = clock
        self._seen: dict[str, set[bytes]] = {}

    def holds(self, values: Attributes) -> bool:
        """Tell whether the lock has not run out yet."""
        if first(values, "zimbraPasswordLockoutEnabled") != "TRUE":
            return False
        locked = first(values, "zimbraPasswordLockoutLockedTime")
        if not locked:
            return False
        duration = seconds(first(values, "zimbraPasswordLockoutDuration", "1h"), 3600)
        # A duration of 0 locks until an administrator unlocks.
        return not duration or from_gentime(locked) + duration > self._clock()

    def failed(
        self, account: Entry, password: str, protocol: str, context: LogContext
    ) -> None:
        """Count a wrong password and lock the account at the limit."""
        values = self._directory.effective(account)
        limit = int(first(values, "zimbraPasswordLockoutMaxFailures", "0"))
        enabled = first(values, "zimbraPasswordLockoutEnabled") == "TRUE"
        if not enabled or not limit:
            return
        if self._repeated(account, values, password, protocol):
            return
        failures = [*self._recent(values), gentime(self._clock())]
        changes = [("zimbraPasswordLockoutFailureTime", f) for f in failures]
        if len(failures) >= limit:
            changes = [
                ("zimbraPasswordLockoutFailureTime", ""),
                ("zimbraPasswordLockoutLockedTime", gentime(self._clock())),
                ("zimbraAccountStatus", "lockout"),
            ]
            text = "error=account lockout due to too many failed logins;"
            self._logs.audit(context, f"cmd=Auth; account={account.name}; {text}")
        self._directory.record(account, changes)

    def succeeded(self, account: Entry, context: LogContext) -> Entry:
        """Forget the failures and lift a lock that ran out."""
        self._seen.pop(account.id, None)
        changes: list[tuple[str, str]] = [
            (name, "")
            for name in (
                "zimbraPasswordLockoutFailureTime",
                "zimbraPasswordLockoutLockedTime",
            )
            if name in account.attrs
        ]
        if first(account.attrs, "zimbraAccountStatus") == "lockout":
            changes.append(("zimbraAccountStatus", "active"))
            text = "account re-activated from lockout status upon successful login;"
            self._logs.audit(context, f"cmd=Auth; account={account.name}; info={text}")
        return self._directory.record(account, changes) if changes else account

    def _recent(self, values: Attributes) -> list[str]:
        lifetime = first(values, "zimbraPasswordLockoutFailureLifetime", "1h")
        kept = seconds(lifetime, 3600)
        return [
            stamp
            for stamp in values.get("zimbraPasswordLockoutFailureTime", [])
            if not kept or from_gentime(stamp) + kept > self._clock()
        ]

    def _repeated(
        self, account: Entry, values: Attributes, password: str, protocol: str
    ) -> bool:
        if first(values, "zimbraPasswordLockoutSuppressionEnabled") != "TRUE":
            return False
        if protocol not in values.get("zimbraPasswordLockoutSuppressionProtocols", []):
            return False
        seen = self._seen.setdefault(account.id, set())
        digest = hashlib.sha256(password.encode()).digest()
        if digest in seen:
            return True
        seen.add(digest)
        return False
