"""Whether a name and a password open an account, and what the logs say of it."""

from dataclasses import dataclass

from .clock import Clock, from_gentime, gentime, seconds
from .directory import Directory, first
from .faults import Fault, auth_failed
from .lockout import Lockout
from .logs import LogContext, Logs
from .store import Attributes, Entry

_SWITCHES = {
    "imap": ("zimbraImapEnabled", "zimbraPrefImapEnabled"),
    "pop3": ("zimbraPop3Enabled", "zimbraPrefPop3Enabled"),
}


@dataclass(frozen=True)
class Attempt:
    """A login as the client typed it."""

    typed: str
    password: str
    protocol: str


class _RefusedError(Exception):
    """A reason that the client is not told."""


class Authenticator:
    """Judges logins of every protocol by the same rules."""

    def __init__(
        self, directory: Directory, logs: Logs, clock: Clock, *, alias_login: bool
    ) -> None:
        self._directory = directory
        self._logs = logs
        self._clock = clock
        self._alias_login = alias_login
        self._lockout = Lockout(directory, logs, clock)

    def account(self, typed: str) -> Entry | None:
        """Give the account that a typed name means."""
        return self._directory.find("account", "name", typed)

    def administrator(self, typed: str) -> Entry | None:
        """Look a bare name up among the service principals first."""
        principal = None
        if "@" not in typed:
            principal = self._directory.find("account", "adminName", typed)
        return principal or self.account(typed)

    def enabled(self, account: Entry, protocol: str, context: LogContext) -> bool:
        """Tell whether the account may use the protocol at all."""
        values = self._directory.effective(account)
        switches = _SWITCHES.get(protocol, ())
        if all(first(values, name, "TRUE") == "TRUE" for name in switches):
            return True
        text = f"Authentication failed - {protocol} not enabled for {account.name}"
        self._logs.mailbox(context, "account", text)
        return False

    def check(self, account: Entry, attempt: Attempt, context: LogContext) -> Entry:
        """Let the login in, or raise the fault the client sees."""
        start = f"cmd=Auth; account={account.name}; protocol={attempt.protocol};"
        try:
            self._judge(account, attempt, context)
        except _RefusedError as refused:
            text = f"authentication failed for [{attempt.typed}], {refused}"
            self._logs.audit(context, f"{start} error={text};", "WARN")
            raise Refusal(attempt.typed, str(refused)) from None
        account = self._lockout.succeeded(account, context)
        self._logs.audit(context, start)
        return self._logged_on(account)

    def _judge(self, account: Entry, attempt: Attempt, context: LogContext) -> None:
        alias = "@" in attempt.typed and attempt.typed.lower() != account.name.lower()
        if alias and not self._alias_login:
            raise _RefusedError("alias login not enabled.")
        values = self._directory.effective(account)
        self._judge_status(account, values)
        if not attempt.password:
            raise _RefusedError("empty password")
        external = self._external(account)
        if external and not self._falls_back(account):
            raise _RefusedError(f"external LDAP auth failed, {external}")
        if not self._directory.store.verify_password(account, attempt.password):
            self._lockout.failed(account, attempt.password, attempt.protocol, context)
            raise _RefusedError("invalid password")

    def _judge_status(self, account: Entry, values: Attributes) -> None:
        status = first(values, "zimbraAccountStatus", "active")
        domain = self._directory.domain_of(account)
        closed = first(domain.attrs, "zimbraDomainStatus", "active") if domain else ""
        if closed not in {"", "active"}:
            raise _RefusedError(f"account(or domain) status is {closed}")
        if status == "lockout":
            if self._lockout.holds(values):
                raise _RefusedError("account lockout")
        elif status != "active":
            raise _RefusedError(f"account(or domain) status is {status}")

    def _external(self, account: Entry) -> str:
        """Say why the external source cannot be asked, or nothing."""
        domain = self._directory.domain_of(account)
        if domain is None:
            return ""
        mechanism = first(domain.attrs, "zimbraAuthMech", "zimbra")
        if first(account.attrs, "zimbraIsAdminAccount") == "TRUE":
            mechanism = first(domain.attrs, "zimbraAuthMechAdmin", mechanism)
        if mechanism == "zimbra":
            return ""
        url = first(domain.attrs, "zimbraAuthLdapURL", mechanism)
        return f"unable to ldap authenticate: {url}: connection refused"

    def _falls_back(self, account: Entry) -> bool:
        # Since 10.1.0 administrators are no exception (ZBUG-2859).
        domain = self._directory.domain_of(account)
        return bool(
            domain and first(domain.attrs, "zimbraAuthFallbackToLocal") == "TRUE"
        )

    def _logged_on(self, account: Entry) -> Entry:
        frequency = first(
            self._directory.config().attrs, "zimbraLastLogonTimestampFrequency", "0"
        )
        interval, now = seconds(frequency, 0), self._clock()
        last = first(account.attrs, "zimbraLastLogonTimestamp")
        if not interval or (last and from_gentime(last) + interval > now):
            return account
        stamp = [("zimbraLastLogonTimestamp", gentime(now))]
        return self._directory.record(account, stamp)


class Refusal(Fault):
    """A refused login: the client reads the code, the log the reason."""

    def __init__(self, typed: str, reason: str) -> None:
        fault = auth_failed(typed)
        super().__init__(fault.code, fault.message)
        self.typed = typed
        self.reason = reason
