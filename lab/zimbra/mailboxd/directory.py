"""The directory as mailboxd sees it: through a cache that grows stale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..schema import find  # noqa: TID252 - the name differs in the node
from .clock import Clock
from .faults import Fault, invalid
from .store import Attributes, Changes, Entry, Store

LIFETIME = 15 * 60.0
CACHE_TYPES = frozenset(
    {
        *("acl", "all", "account", "config", "globalgrant", "cos", "domain"),
        *("galgroup", "group", "locale", "license", "mime", "server"),
        *("alwaysOnCluster", "skin", "uistrings", "zimlet"),
    }
)


@dataclass(frozen=True)
class _Cached:
    read: float
    entry: Entry


class Directory:
    """Answers from its cache until told to flush, or for fifteen minutes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._clock = clock
        self._entries: dict[tuple[str, str, str], _Cached] = {}

    def config(self) -> Entry:
        """Give the global configuration."""
        key = ("config", "name", "config")
        return self._cached(key) or self._keep(key, self.store.config())

    def get(self, kind: str, by: str, key: str) -> Entry:
        """Give one entry."""
        if kind == "config":
            return self.config()
        place = (kind, by, key.lower())
        return self._cached(place) or self._keep(place, self.store.get(kind, by, key))

    def find(self, kind: str, by: str, key: str) -> Entry | None:
        """Give one entry, or None if there is none."""
        try:
            return self.get(kind, by, key)
        except Fault as fault:
            if fault.code.startswith("account.NO_SUCH_"):
                return None
            raise

    def modify(self, entry: Entry, changes: Changes) -> Entry:
        """Change an entry by the rules and give it as it is now."""
        self.store.modify(entry, changes)
        return self.refresh(entry)

    def record(self, entry: Entry, changes: Changes) -> Entry:
        """Write what the server itself keeps on an entry."""
        self.store.modify(entry, changes, internal=True)
        return self.refresh(entry)

    def set_password(self, entry: Entry, password: str) -> Entry:
        """Store a new password and end the sessions of the old one."""
        self.store.set_password(entry, password)
        fresh = self.refresh(entry)
        validity = int(first(fresh.attrs, "zimbraAuthTokenValidityValue", "0")) + 1
        return self.record(fresh, [("zimbraAuthTokenValidityValue", str(validity))])

    def delete(self, entry: Entry) -> None:
        """Remove an entry and forget it."""
        self.store.delete(entry)
        self.flush(entry.kind, [entry.id])

    def flush(self, cache_type: str, ids: Sequence[str] = ()) -> None:
        """Forget a kind of entries, or some of them."""
        if cache_type not in CACHE_TYPES:
            raise invalid(f"unknown cache type: {cache_type}")
        self._entries = {
            place: cached
            for place, cached in self._entries.items()
            if not _covers(cache_type, ids, place, cached.entry)
        }

    def effective(self, entry: Entry) -> Attributes:
        """Give own values and, where there are none, the inherited ones."""
        values = dict(entry.attrs)
        for kind, parent in self._parents(entry):
            for name, inherited in parent.attrs.items():
                if name not in values and _inherits(name, entry.kind, kind):
                    values[name] = inherited
        return values

    def cos_of(self, account: Entry) -> Entry | None:
        """Give the class of service of an account."""
        domain = self.domain_of(account)
        external = first(account.attrs, "zimbraIsExternalVirtualAccount") == "TRUE"
        default = (
            "zimbraDomainDefaultExternalUserCOSId"
            if external
            else "zimbraDomainDefaultCOSId"
        )
        identity = first(account.attrs, "zimbraCOSId") or (
            first(domain.attrs, default) if domain else ""
        )
        named = self.find("cos", "id", identity) if identity else None
        fallback = "defaultExternal" if external else "default"
        return named or self.find("cos", "name", fallback)

    def domain_of(self, account: Entry) -> Entry | None:
        """Give the domain of an account; service principals have none."""
        _, at, domain = account.name.partition("@")
        return self.find("domain", "name", domain) if at else None

    def domain_of_host(self, host: str) -> Entry | None:
        """Give the domain that a virtual host name belongs to."""
        wanted = host.lower()
        for domain in self.store.all("domain"):
            names = [domain.name, *domain.attrs.get("zimbraVirtualHostname", [])]
            if wanted in (name.lower() for name in names):
                return domain
        return None

    def _parents(self, entry: Entry) -> list[tuple[str, Entry]]:
        if entry.kind in {"server", "domain"}:
            return [("config", self.config())]
        if entry.kind != "account":
            return []
        cos, domain = self.cos_of(entry), self.domain_of(entry)
        parents = [("cos", cos)] if cos else []
        return parents + ([("domain", domain)] if domain else [])

    def _cached(self, place: tuple[str, str, str]) -> Entry | None:
        cached = self._entries.get(place)
        if cached is None or self._clock() - cached.read > LIFETIME:
            return None
        return cached.entry

    def _keep(self, place: tuple[str, str, str], entry: Entry) -> Entry:
        cached = _Cached(self._clock(), entry)
        self._entries[place] = cached
        if entry.kind != "config":
            self._entries[entry.kind, "id", entry.id.lower()] = cached
        # A service principal's bare name would shadow a mail account's.
        if entry.kind != "config" and (entry.kind != "account" or "@" in entry.name):
            self._entries[entry.kind, "name", entry.name.lower()] = cached
        return entry

    def refresh(self, entry: Entry) -> Entry:
        """Read an entry again wherever it is cached."""
        if entry.kind == "config":
            return self._keep(("config", "name", "config"), self.store.config())
        stale = [p for p, c in self._entries.items() if c.entry.id == entry.id]
        fresh = self.store.get(entry.kind, "id", entry.id)
        for place in stale:
            self._keep(place, fresh)
        return self._keep((entry.kind, "id", entry.id.lower()), fresh)


def first(attributes: Mapping[str, Sequence[str]], name: str, default: str = "") -> str:
    """Give the first value of an attribute."""
    values = attributes.get(name)
    return values[0] if values else default


def _inherits(name: str, kind: str, parent: str) -> bool:
    attribute = find(name)
    if attribute is None:
        return False
    if parent == "domain":
        return "accountCosDomainInherited" in attribute.inherited
    return attribute.inherits(kind)


def _covers(
    cache_type: str, ids: Sequence[str], place: tuple[str, str, str], entry: Entry
) -> bool:
    if ids:
        return cache_type == place[0] and bool({entry.id, entry.name} & set(ids))
    return cache_type in {place[0], "all"}
