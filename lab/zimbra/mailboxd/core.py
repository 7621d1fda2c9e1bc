"""The mailbox server's parts, put together once at its start."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .authentication import Authenticator
from .clock import Clock
from .directory import Directory, first
from .filters import FloodFilter, LoginFilter
from .logs import Logs
from .memcache import Memcache
from .registry import TokenRegistry
from .sessions import Sessions
from .store import Attributes, Entry, Store
from .tokens import TokenMint


@dataclass(frozen=True)
class Places:
    """Where the server finds and leaves files."""

    logs: Path = Path("/opt/zimbra/log")
    mail: Path = Path("/opt/zimbra/store")
    web: Path = Path("/opt/zimbra/jetty_base/webapps")


@dataclass(frozen=True)
class Mailboxd:
    """Everything that a request may need; settings read at start are values."""

    host: str
    local: Mapping[str, str]
    places: Places
    clock: Clock
    directory: Directory
    logs: Logs
    mint: TokenMint
    registry: TokenRegistry
    authenticator: Authenticator
    sessions: Sessions
    floods: FloodFilter
    logins: LoginFilter
    started: Attributes
    cache: Memcache
    reload_local: Callable[[], None] = lambda: None
    response_headers: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def only_ipv4(self) -> bool:
        """Tell whether the JVM was told to leave IPv6 alone."""
        option = "-Djava.net.preferIPv4Stack=true"
        return option in self.local.get("mailboxd_java_options", "").split()

    def server(self) -> Entry:
        """Give this server's entry."""
        return self.directory.get("server", "name", self.host)

    def settings(self) -> Attributes:
        """Give this server's effective values as the cache has them."""
        return self.directory.effective(self.server())


def build(
    store: Store,
    local: Mapping[str, str],
    host: str,
    places: Places,
    *,
    clock: Clock,
    reload_local: Callable[[], None] = lambda: None,
) -> Mailboxd:
    """Put a mailbox server together from the directory and localconfig."""
    directory = Directory(store, clock)
    logs = Logs(places.logs, clock)
    started = directory.effective(directory.get("server", "name", host))
    key = first(directory.config().attrs, "zimbraAuthTokenKey")
    alias_login = local.get("alias_login_enabled", "true").lower() == "true"
    return Mailboxd(
        host=host,
        local=local,
        places=places,
        clock=clock,
        directory=directory,
        logs=logs,
        mint=TokenMint(key or secrets.token_hex(32), clock),
        registry=TokenRegistry(directory, clock),
        authenticator=Authenticator(directory, logs, clock, alias_login=alias_login),
        sessions=Sessions(),
        floods=FloodFilter.from_settings(started, clock),
        logins=LoginFilter(clock),
        started=started,
        cache=Memcache(started.get("zimbraMemcachedClientServerList", [])),
        reload_local=reload_local,
    )
