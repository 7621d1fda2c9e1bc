"""Which tokens are registered with their accounts, and thus alive."""

from .clock import Clock
from .directory import Directory, first
from .faults import auth_expired
from .store import Entry
from .tokens import Token

VERSION = "10.1"


class TokenRegistry:
    """Keeps zimbraAuthTokens: one value for each login, as Zimbra writes them."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    def register(self, account: Entry, token: Token) -> Entry:
        """Add a token to its account and drop the expired ones."""
        own = account.attrs.get("zimbraAuthTokens", [])
        changes = [
            ("-zimbraAuthTokens", value) for value in own if self._is_over(value)
        ]
        value = f"{token.number}|{token.expires}|{VERSION}"
        changes.append(("+zimbraAuthTokens", value))
        return self._directory.record(account, changes)

    def deregister(self, account: Entry, token: Token) -> None:
        """End a token before its time."""
        changes = [
            ("-zimbraAuthTokens", value)
            for value in account.attrs.get("zimbraAuthTokens", [])
            if value.partition("|")[0] == token.number
        ]
        if changes:
            self._directory.record(account, changes)

    def owner(self, token: Token) -> Entry:
        """Give the account of a living token."""
        if token.expires <= self._clock() * 1000:
            raise auth_expired()
        account = self._directory.find("account", "id", token.account)
        if account is None or not self._is_valid(account, token):
            raise auth_expired()
        return account

    def _is_valid(self, account: Entry, token: Token) -> bool:
        config = self._directory.config().attrs
        counted = first(config, "zimbraAuthTokenValidityValueEnabled", "TRUE")
        current = int(first(account.attrs, "zimbraAuthTokenValidityValue", "-1"))
        if counted == "TRUE" and current != token.validity:
            return False
        if not self._is_open(account, token):
            return False
        values = account.attrs.get("zimbraAuthTokens", [])
        return any(value.partition("|")[0] == token.number for value in values)

    def _is_open(self, account: Entry, token: Token) -> bool:
        """Say whether the account, and who lent the token, are in a state for it."""
        status = first(account.attrs, "zimbraAccountStatus", "active")
        if not token.lender:
            return status == "active"
        lender = self._directory.find("account", "id", token.lender)
        return (
            status != "maintenance"
            and lender is not None
            and first(lender.attrs, "zimbraAccountStatus", "active") == "active"
        )

    def _is_over(self, value: str) -> bool:
        expires = value.split("|")[1] if value.count("|") else "0"
        return expires.isdecimal() and int(expires) <= self._clock() * 1000
