"""SOAP sessions, which remember the directory searches paged through."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from .store import Entry


@dataclass
class Session:
    """One session of one account and the results it pages through."""

    number: str
    account: str
    admin: bool
    searches: dict[tuple[str, ...], Sequence[Entry]] = field(default_factory=dict)


class Sessions:
    """The open sessions of this server."""

    def __init__(self) -> None:
        self._numbers = count(31)
        self._open: dict[str, Session] = {}

    def open(self, account: str, number: str | None, *, admin: bool) -> Session:
        """Give the session asked for, or a new one if it is not this account's."""
        found = self._open.get(number or "")
        if found is not None and found.account == account:
            return found
        session = Session(str(next(self._numbers)), account, admin)
        self._open[session.number] = session
        return session

    def close(self, account: str) -> None:
        """Forget the sessions of an account."""
        self._open = {n: s for n, s in self._open.items() if s.account != account}
