"""The probe account of the site's own: name, password, and how often it may err.

The password is never in an observation: what is written down goes through `Told`.
"""

import base64
from dataclasses import dataclass, field

from zmward.scan.line import Exchange

# Lockouts and jails begin at three failures or more where anybody set them.
MOST_FAILURES = 2
_SHOWN = 200
_HIDDEN = "(not shown)"


@dataclass(frozen=True)
class Account:
    """The probe account: an address, and a password that nothing ever prints."""

    name: str
    secret: str = field(repr=False)

    @property
    def sendable(self) -> bool:
        """Say whether both can be said in one line of a protocol."""
        both = self.name + self.secret
        return bool(self.name and self.secret) and not set("\r\n\0") & set(both)

    def plain(self, name: str = "") -> bytes:
        """Return the answer of SASL PLAIN (RFC 4616), for another name if given."""
        text = f"\0{name or self.name}\0{self.secret}"
        return base64.b64encode(text.encode("utf-8", "surrogateescape"))

    def without(self, text: str, *names: str) -> str:
        """Return a text without the password, as it is or as it was sent."""
        sent = (self.plain(name).decode() for name in ("", *names))
        coded = base64.b64encode(self.secret.encode("utf-8", "surrogateescape"))
        for word in (*sent, coded.decode(), self.secret):
            text = text.replace(word, _HIDDEN)
        return text


class Told:
    """What was said in one proof, in words that may be printed."""

    def __init__(self, account: Account, port: int, *names: str) -> None:
        self._account = account
        self._port = port
        self._names = names
        self._said: list[Exchange] = []

    def add(self, sent: str, received: str) -> None:
        """Write down what was sent, in our own words, and what came back."""
        clean = self._account.without(received, *self._names)[:_SHOWN]
        self._said.append(Exchange(self._port, sent, clean))

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Return what was said until now."""
        return tuple(self._said)

    @property
    def last(self) -> str:
        """Return the last answer."""
        return self._said[-1].received if self._said else ""


class Tries:
    """How many logins may still fail: each counts as failed until it succeeds."""

    def __init__(self, most: int = MOST_FAILURES) -> None:
        self._most = most
        self._spent = 0

    @property
    def over(self) -> bool:
        """Say whether no login may be tried any more."""
        return self._spent >= self._most

    @property
    def spent(self) -> int:
        """Return how many failed, or ended so that nobody saw it."""
        return self._spent

    def spend(self) -> None:
        """Count a login at the moment when its password is sent."""
        self._spent += 1

    def regain(self) -> None:
        """Take back the count of a login that succeeded."""
        self._spent -= 1
