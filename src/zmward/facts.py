"""What the evidence says, asked by controls: parsed answers or a signal of none."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from zmward.catalog.advisories import Active, advisories
from zmward.catalog.attributes import attributes
from zmward.evidence import DIRECTORY, Answer, Evidence, Missing, Parsed, Unseen
from zmward.profile import Profile
from zmward.sources.directory import CONFIG, COSES, DOMAINS, SERVERS, Entry
from zmward.sources.packages import PACKAGES
from zmward.sources.schema import SCHEMA
from zmward.sources.source import Source, Unreadable

T = TypeVar("T")

# The service that marks a role in zimbraServiceEnabled, and the package behind it.
_ROLES = {
    "mailbox": "zimbra-store",
    "mta": "zimbra-mta",
    "proxy": "zimbra-proxy",
    "ldap": "zimbra-ldap",
    "memcached": "zimbra-memcached",
    "logger": "zimbra-logger",
    "dnscache": "zimbra-dnscache",
    "snmp": "zimbra-snmp",
    "spell": "zimbra-spell",
    "amavis": "zimbra-mta",
    "antispam": "zimbra-mta",
    "antivirus": "zimbra-mta",
    "opendkim": "zimbra-mta",
}

_OBJECTS = {"config": "globalConfig"}
_OLDEST_IN_THE_FIELD = (8, 7)


class Facts:
    """One evidence, one profile, one point in time; each answer is parsed once.

    `catalog` are the advisories that count: those that zmward brings, unless given.
    """

    def __init__(
        self,
        evidence: Evidence,
        profile: Profile,
        now: datetime,
        catalog: Active | None = None,
    ) -> None:
        self.catalog = catalog or Active(advisories())
        self.evidence = evidence
        self.profile = profile
        self.now = now
        self._parsed: dict[tuple[str, str], Any] = {}
        self.used: set[str] = set()

    def read(self, source: Source[T], host: str = DIRECTORY) -> T:
        """Return what a source says of a host, or raise Unseen."""
        self.used.add(source.name)
        key = (host, source.name)
        if key not in self._parsed:
            self._parsed[key] = self._parse(source, host)
        found = self._parsed[key]
        if isinstance(found, Missing):
            raise Unseen(found)
        return found  # type: ignore[no-any-return]  # the source's own parse made it

    def kept(self, name: str, host: str, make: Callable[[], T]) -> T:
        """Return what was worked out of a host's answers: once, under a name."""
        key = (host, f"{name} (worked out)")
        if key not in self._parsed:
            try:
                self._parsed[key] = make()
            except Unseen as signal:
                self._parsed[key] = signal.missing
        found = self._parsed[key]
        if isinstance(found, Missing):
            raise Unseen(found)
        return found  # type: ignore[no-any-return]  # `make` made it

    def absent(self, source: Source[T], host: str) -> bool:
        """Say whether the asked thing is known not to exist on the host."""
        self.used.add(source.name)
        answer = self.evidence.answer(host, source.name)
        return isinstance(answer, Missing) and answer.kind == "absent"

    def _parse(self, source: Source[T], host: str) -> T | Missing:
        answer = self.evidence.answer(host, source.name)
        if isinstance(answer, Missing):
            return answer
        if isinstance(answer, Parsed):
            return answer.value  # type: ignore[no-any-return]  # made by an example
        try:
            return source.parse(answer.text)
        except Unreadable as error:
            return Missing(str(error), "unparsed")

    def excerpt(self, source: Source[T], host: str, words: str, limit: int = 3) -> str:
        """Return the raw lines of an answer that hold `words`, at most `limit`."""
        answer = self.evidence.answer(host, source.name)
        if not isinstance(answer, Answer):
            return ""
        lines = (line for line in answer.text.splitlines() if words in line)
        return "\n".join(line[:300] for line in islice(lines, limit))

    def config(self) -> Entry:
        """Return the global configuration."""
        return self.read(CONFIG)

    def coses(self) -> tuple[Entry, ...]:
        """Return every class of service."""
        return self.read(COSES)

    def domains(self) -> tuple[Entry, ...]:
        """Return every domain."""
        return self.read(DOMAINS)

    def knows(self, attribute: str) -> bool:
        """Say whether this version of Zimbra has an attribute; raise Unseen if unsure.

        The server's own schema decides. Without it, our catalog does for what is
        old enough to be everywhere.
        """
        for host in self.evidence.hosts:
            try:
                return attribute.lower() in self.read(SCHEMA, host)
            except Unseen:
                continue
        row = attributes().get(attribute)
        if row is not None and _everywhere(row.since):
            return True
        raise Unseen(Missing(f"whether this version has {attribute} is not known"))

    def settable(self, attribute: str, kind: str) -> bool:
        """Say whether this version lets an object of a kind hold an attribute.

        Where the server's own schema does not say it, the catalog does.
        """
        row = attributes().get(attribute)
        objects = frozenset(row.objects if row else ())
        for host in self.evidence.hosts:
            try:
                own = self.read(SCHEMA, host).get(attribute.lower(), frozenset())
            except Unseen:
                continue
            objects = own or objects
        return _OBJECTS.get(kind, kind) in objects

    def servers(self, role: str = "") -> tuple[Entry, ...]:
        """Return the servers, or those on which a service is enabled."""
        found = self.read(SERVERS)
        if not role:
            return found
        return tuple(s for s in found if role in s.own("zimbraServiceEnabled"))

    def hosts(self, role: str = "") -> tuple[str, ...]:
        """Return the nodes with a role, seen or not; raise Unseen where unknown."""
        if not role:
            return self._all_hosts()
        try:
            return tuple(server.name for server in self.servers(role))
        except Unseen as signal:
            found = tuple(self._by_package(role))
            if found:
                return found
            reason = f"which servers run {role} is not known: {signal.missing.reason}"
            raise Unseen(Missing(reason, signal.missing.kind)) from signal

    def _all_hosts(self) -> tuple[str, ...]:
        try:
            known = tuple(server.name for server in self.servers())
        except Unseen:
            known = ()
        return tuple(dict.fromkeys((*self.evidence.hosts, *known)))

    def _by_package(self, role: str) -> Iterator[str]:
        for host in self.evidence.hosts:
            if _ROLES.get(role, f"zimbra-{role}") in self.read(PACKAGES, host):
                yield host

    def unseen_hosts(self) -> tuple[str, ...]:
        """Return the servers of the directory that gave no evidence."""
        return tuple(h for h in self._all_hosts() if h not in self.evidence.hosts)


def _everywhere(since: str) -> bool:
    """Say whether every version still found in the field has the attribute."""
    first = since.partition(",")[0].split(".")
    numbers = tuple(int(part) for part in first[:2] if part.isdecimal())
    return numbers < _OLDEST_IN_THE_FIELD
