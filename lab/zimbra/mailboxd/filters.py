"""The gates before any servlet: floods, failed logins, foreign Referers, headers."""

import re
from collections import defaultdict, deque
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .clock import Clock
from .directory import Directory, first
from .origin import first_external
from .store import Attributes

_HEADER = re.compile(r"^([^:]+):\s+(.*)$")
_LOOPBACK = ("127.0.0.1", "[0:0:0:0:0:0:0:1]", "::1")


@dataclass
class FloodFilter:
    """Jetty's DoSFilter: so many requests a second and address, then 429."""

    limit: int
    delay: int
    safe: Collection[str]
    clock: Clock
    _seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    @classmethod
    def from_settings(cls, server: Attributes, clock: Clock) -> "FloodFilter":
        """Read the limits, which Jetty takes at start."""
        return cls(
            int(first(server, "zimbraHttpDosFilterMaxRequestsPerSec", "30")),
            int(first(server, "zimbraHttpDosFilterDelayMillis", "-1")),
            frozenset(server.get("zimbraHttpThrottleSafeIPs", [])),
            clock,
        )

    def exempt(self, addresses: Collection[str]) -> None:
        """Add the server's own addresses to the safe ones."""
        self.safe = frozenset(self.safe) | frozenset(addresses)

    def admits(self, address: str) -> bool:
        """Tell whether one more request of this address is within the limit."""
        if address in _LOOPBACK or {address, address.strip("[]")} & set(self.safe):
            return True
        now, seen = self.clock(), self._seen[address]
        while seen and now - seen[0] >= 1:
            seen.popleft()
        if len(seen) >= self.limit:
            return False
        seen.append(now)
        return True


@dataclass
class LoginFilter:
    """ZimbraInvalidLoginFilter: addresses with too many failures get 503."""

    clock: Clock
    _failures: dict[str, int] = field(default_factory=dict)
    _banned: dict[str, float] = field(default_factory=dict)

    def admits(self, addresses: str, server: Attributes) -> bool:
        """Tell whether the left-most external address is not suspended."""
        address = first_external(addresses)
        minutes = int(
            first(
                server,
                "zimbraInvalidLoginFilterDelayInMinBetwnReqBeforeReinstating",
                "15",
            )
        )
        since = self._banned.get(address)
        if since is None:
            return True
        if self.clock() - since > minutes * 60:
            del self._banned[address]
            self._failures.pop(address, None)
            return True
        self._banned[address] = self.clock()
        return False

    def failed(self, addresses: str, server: Attributes) -> str | None:
        """Count a failed login; give the address if it is suspended by it."""
        limit = int(first(server, "zimbraInvalidLoginFilterMaxFailedLogin", "10"))
        address = first_external(addresses)
        safe = set(server.get("zimbraHttpThrottleSafeIPs", [])) | set(_LOOPBACK)
        if limit <= 0 or {address, address.strip("[]")} & safe:
            return None
        self._failures[address] = self._failures.get(address, 0) + 1
        if self._failures[address] < limit or address in self._banned:
            return None
        self._banned[address] = self.clock()
        return address


def referer_is_foreign(referer: str, host: str, directory: Directory) -> bool:
    """Tell whether CsrfFilter refuses a request for its Referer."""
    config = directory.config().attrs
    if not referer or first(config, "zimbraCsrfRefererCheckEnabled") == "FALSE":
        return False
    named = (urlsplit(referer).hostname or "").lower()
    own = (urlsplit(f"//{host}").hostname or "").lower()
    if not named or named == own:
        return False
    allowed = list(config.get("zimbraCsrfAllowedRefererHosts", []))
    domain = directory.domain_of_host(own)
    if domain is not None:
        allowed += domain.attrs.get("zimbraCsrfAllowedRefererHosts", [])
    return not any(named == a.lower() or named.endswith("." + a) for a in allowed)


def response_headers(rules: Collection[str]) -> list[tuple[str, str]]:
    """Read zimbraResponseHeader rules; what has no blank gets a name of shame."""
    headers = []
    for rule in rules:
        match = _HEADER.match(rule)
        pair = match.groups() if match else ("X-Zimbra-Unknown-Header", rule)
        headers.append((pair[0], pair[1]))
    return headers
