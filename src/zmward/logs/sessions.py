"""Good logins of one account from networks that cannot all be one person's.

There is no map of the world here. What is judged is how many networks one account's
good logins came from within a few minutes: a /16 of IPv4 or a /32 of IPv6 is about a
provider's range, so that a telephone that changes cells stays within one, and a home
with both families counts by the larger of the two. All private addresses are one.
"""

import ipaddress
from collections.abc import Iterable

import msgspec

from zmward.logs.event import LONGEST_NAME
from zmward.profile import Logs

_ACCOUNTS, _KNOWN, _SHOWN = 20_000, 65_536, 8
_FOUR, _SIX = 16, 32
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
            *("fc00::/7", "fe80::/10"),
        ),
    )
)


def network(address: str) -> str:
    """Return what stands for an address: the range of its provider, or `private`."""
    found = ipaddress.ip_address(address)
    if any(found in one for one in _PRIVATE):
        return "private"
    length = _FOUR if found.version == 4 else _SIX  # noqa: PLR2004  # the family
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


class Login(msgspec.Struct, frozen=True, order=True):
    """A good login: when, from where, how."""

    when: float
    source: str
    network: str
    protocol: str


class AtOnce(msgspec.Struct, frozen=True):
    """The most networks that one account's logins came from within the minutes."""

    account: str
    networks: int
    logins: tuple[Login, ...]


# When, from where, how.
_Login = tuple[float, str, str]


class Sessions:
    """The newest login of each account by network, while it is new enough."""

    def __init__(self, logs: Logs) -> None:
        self._least = logs.networks_at_once
        self._seconds = logs.at_once_minutes * 60
        self._open: dict[str, dict[str, _Login]] = {}
        self._networks: dict[str, str] = {}
        self.found: dict[str, AtOnce] = {}
        self.forgotten = 0

    def add(self, when: float, source: str, account: str, protocol: str) -> None:
        """Note a good login that shows its client."""
        try:
            name = self._networks[source]
        except KeyError:
            name = self._network(source)
        try:
            some = self._open[account]
        except KeyError:
            if len(self._open) >= _ACCOUNTS:
                self._shrink()
            some = self._open[account] = {}
        some[name] = (when, source, protocol)
        if len(some) >= self._least:
            self._judge(account, when, some)

    def _network(self, source: str) -> str:
        """Return the network of an address that was not met before."""
        if len(self._networks) >= _KNOWN:
            self._networks.clear()
        name = self._networks[source] = network(source)
        return name

    def _shrink(self) -> None:
        """Forget the accounts that logged in first."""
        for account in list(self._open)[: _ACCOUNTS // 2]:
            del self._open[account]
        self.forgotten += _ACCOUNTS // 2

    def _judge(self, account: str, now: float, some: dict[str, _Login]) -> None:
        for name in [
            name for name, one in some.items() if abs(now - one[0]) > self._seconds
        ]:
            del some[name]
        count = _widest(some)
        known = self.found.get(account)
        if count < self._least or (known and known.networks >= count):
            return
        logins = sorted(
            Login(when, source, name, protocol)
            for name, (when, source, protocol) in some.items()
        )
        self.found[account] = AtOnce(
            account[:LONGEST_NAME], count, tuple(logins[-_SHOWN:])
        )


def _widest(networks: Iterable[str]) -> int:
    """Return the count of the family with more networks; private ones are of both."""
    names = set(networks)
    six = sum(":" in name for name in names)
    private = "private" in names
    return max(six + private, len(names) - six)
