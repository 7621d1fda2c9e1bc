"""What a site's page says of it, from evidence: sections of tables, texts and commands.

Only what is named here is shown, so that no secret can be.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from functools import partial
from typing import Final

import msgspec

from zmward.configuration.inside import covered
from zmward.configuration.procedures import procedures
from zmward.control import Status
from zmward.evidence import Unseen
from zmward.exposure import Node
from zmward.facts import Facts
from zmward.finding import Finding, Report
from zmward.i18n import mark
from zmward.sources.accounts import ACCOUNTS, Accounts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.backup_drill import BACKUP_DRILL, Drills
from zmward.sources.certificates import CERTIFICATES
from zmward.sources.directory import Entry
from zmward.sources.osrelease import OS_RELEASE
from zmward.sources.packages import PACKAGES

_FEW: Final = 3
_BACKUP: Final = "T14"
_STATUSES: Final = {
    Status.PASS: mark("yes"),
    Status.FAIL: mark("no"),
    Status.WAIVED: mark("no, waived"),
    Status.UNKNOWN: mark("not known"),
    Status.NOT_APPLICABLE: mark("does not apply"),
}
_NEVER: Final = "-"
_LOGIN: Final = re.compile(r"//[^/@]*@")


class Table(msgspec.Struct, frozen=True):
    """A table; an empty one says `nothing`."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    nothing: str = mark("none")


class Text(msgspec.Struct, frozen=True):
    """A sentence; one that is in doubt is shown behind a question mark."""

    text: str
    doubt: bool = False


class Listing(msgspec.Struct, frozen=True):
    """Commands, each in a line."""

    title: str
    lines: tuple[str, ...]


class Reach(msgspec.Struct, frozen=True):
    """The picture of what listens on a node, and who reaches it."""

    node: Node


Part = Table | Text | Listing | Reach


class Section(msgspec.Struct, frozen=True):
    """One block of the page."""

    name: str
    title: str
    parts: tuple[Part, ...]


def _known(make: Callable[[], Iterable[Part]]) -> tuple[Part, ...]:
    """Return the parts, or why they are not known."""
    try:
        return tuple(make())
    except Unseen as signal:
        return (Text(signal.missing.reason, doubt=True),)


def _read(make: Callable[[], str]) -> str:
    try:
        return make() or _NEVER
    except Unseen:
        return "?"


def _bare(text: str) -> str:
    return covered(text, lambda _: "masked")


def _own(entry: Entry, attribute: str, config: Entry | None = None) -> str:
    """Return an entry's values, or those that it inherits, in one line."""
    own = entry.own(attribute)
    if own or config is None:
        return _bare(", ".join(own)) or _NEVER
    shared = config.own(attribute)
    return f"{_bare(', '.join(shared))} (global)" if shared else _NEVER


def _about(facts: Facts, report: Report) -> Iterator[Part]:
    seen = ", ".join(report.hosts_seen)
    yield Text(f"Seen {report.when} on {seen}; written by zmward {report.zmward}.")
    for host in report.hosts_missing:
        yield Text(f"{host} was not seen", doubt=True)
    counted = dict.fromkeys(Status, 0)
    for finding in report.findings:
        counted[finding.status] += 1
    words = ", ".join(f"{n} {status.value}" for status, n in counted.items() if n)
    yield Text(f"Controls: {words}.")
    del facts


def _addresses(facts: Facts, host: str) -> str:
    found = facts.read(ADDRESSES, host)
    return ", ".join(found)


def _of_server(facts: Facts, server: Entry) -> tuple[str, ...]:
    name = server.name
    return (
        name,
        ", ".join(sorted(server.own("zimbraServiceEnabled"))) or _NEVER,
        _read(lambda: facts.read(PACKAGES, name).get("zimbra-core", "")),
        _read(lambda: facts.read(OS_RELEASE, name).name),
        _read(lambda: _addresses(facts, name)),
    )


def _nodes(facts: Facts) -> Iterator[Part]:
    heads = ("node", "services", "zimbra-core", "system", "addresses")
    rows = sorted(_of_server(facts, server) for server in facts.servers())
    yield Table(heads, tuple(rows))


def _domains(facts: Facts) -> Iterator[Part]:
    config = facts.config()
    coses = {cos.id: cos.name for cos in facts.coses()}
    rows = []
    for domain in facts.domains():
        cos = domain.one("zimbraDomainDefaultCOSId")
        rows.append(
            (
                domain.name,
                _own(domain, "zimbraDomainStatus", config),
                _own(domain, "zimbraAuthMech"),
                _own(domain, "zimbraAuthFallbackToLocal"),
                coses.get(cos, cos or _NEVER),
                _own(domain, "zimbraVirtualHostname"),
                "yes" if domain.own("zimbraPreAuthKey") else "no",
            )
        )
    heads = (
        *("domain", "status", "authentication", "falls back to local passwords"),
        *("class of service", "virtual hosts", "pre-authentication key"),
    )
    yield Table(heads, tuple(sorted(rows)))


_OF_COS: Final = {
    "IMAP": "zimbraImapEnabled",
    "POP": "zimbraPop3Enabled",
    "second factor": "zimbraFeatureTwoFactorAuthAvailable",
    "demanded": "zimbraFeatureTwoFactorAuthRequired",
    "sharing": "zimbraFeatureSharingEnabled",
    "password length": "zimbraPasswordMinLength",
    "session": "zimbraAuthTokenLifetime",
}


def _users(facts: Facts, found: Accounts) -> Counter[str]:
    """Return how many active users each class of service has, by its name.

    Who names none has that of his domain, or else the one called default.
    """
    coses = {cos.id: cos.name for cos in facts.coses()}
    usual = {
        f"@{domain.name}": domain.one("zimbraDomainDefaultCOSId")
        for domain in facts.domains()
    }
    users: Counter[str] = Counter()
    for name, count in found.census.coses.items():
        users[coses.get(usual.get(name, name), "default")] += count
    return users


def _coses(facts: Facts) -> Iterator[Part]:
    found = facts.read(ACCOUNTS)
    users = _users(facts, found)
    rows = tuple(
        (
            cos.name,
            str(users[cos.name]),
            *(_own(cos, name) for name in _OF_COS.values()),
        )
        for cos in sorted(facts.coses(), key=lambda cos: cos.name)
    )
    yield Table(("class of service", "users", *_OF_COS), rows)
    yield Text("Accounts whose own value differs from their class of service:")
    yield Table(("attribute", "value", "accounts", "some of them"), _deviating(found))


def _deviating(found: Accounts) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (name, value, str(group.count), ", ".join(group.names[:_FEW]))
        for name, values in sorted(found.overrides.items())
        for value, group in sorted(values.items())
    )


def _listeners(report: Report) -> Iterator[Part]:
    nodes = report.exposure.nodes if report.exposure else ()
    if not nodes:
        yield Text("what listens is not known", doubt=True)
    yield from map(Reach, nodes)


def _certificates(facts: Facts) -> Iterator[Part]:
    for host in facts.hosts():
        yield from _known(partial(_of_node, facts, host))


def _of_node(facts: Facts, host: str) -> Iterator[Part]:
    rows = []
    for path, file in sorted(facts.read(CERTIFICATES, host).items()):
        if file.problem or not file.certificates:
            rows.append((path, file.problem or "no certificate", "", "", "?"))
            continue
        one = file.certificates[0]
        until = one.end.astimezone(UTC).date().isoformat()
        names = ", ".join(one.names)
        rows.append((path, one.subject, names, one.issuer, until))
    yield Text(f"{host}:")
    yield Table(("file", "for", "names", "by", "until"), tuple(rows))


def _day(stamp: str) -> str:
    """Return the day of a directory's time (RFC 4517), as people write it."""
    day = stamp[:8]
    if not day:
        return "never seen"
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if day.isdecimal() else day


def _administrators(facts: Facts) -> Iterator[Part]:
    rows = tuple(
        (
            admin.name,
            "delegated" if admin.delegated else "global",
            admin.status or "active",
            "yes" if admin.two_factor else "no",
            _day(admin.last_logon),
        )
        for admin in sorted(
            facts.read(ACCOUNTS).admins, key=lambda a: (a.delegated, a.name)
        )
    )
    yield Table(("account", "kind", "status", "second factor", "last logon"), rows)


def _judged(finding: Finding) -> tuple[str, ...]:
    found = "; ".join(f"{d.subject}: {d.found}" for d in finding.deviations[:_FEW])
    return finding.title, _STATUSES[finding.status], found or finding.reason or _NEVER


def _copies(facts: Facts) -> Iterator[tuple[str, ...]]:
    for one in facts.profile.backups.copy:
        # The address of a repository may hold the password for it.
        place = _LOGIN.sub("//masked@", _bare(one.place))
        kept = str(one.keep_days)
        yield one.name, one.kind, place, "yes" if one.off_site else "no", kept


def _drill(facts: Facts, host: str) -> Iterator[Part]:
    # Where nothing is remembered, there was none.
    none = facts.absent(BACKUP_DRILL, host)
    found = Drills() if none else facts.read(BACKUP_DRILL, host)
    rows = tuple(
        (host, one.when, one.copy, p.subject, p.state)
        for one in found.last
        for p in one.parts
    )
    for text in found.refused:
        yield Text(text, doubt=True)
    yield Table(("node", "when", "backup", "part", "how it went"), rows)


def _backups(facts: Facts, report: Report) -> Iterator[Part]:
    some = (f for f in report.findings if _BACKUP in f.tips)
    rows = tuple(map(_judged, sorted(some, key=lambda f: f.control)))
    yield Table(("what should be so", "is so", "what was seen"), rows)
    yield Text("Where the profile says that they are kept:")
    yield Table(
        ("name", "kind", "place", "off site", "kept for days"), tuple(_copies(facts))
    )
    yield Text("The last rehearsed restore of each copy:")
    for host in facts.evidence.hosts:
        yield from _known(partial(_drill, facts, host))
    yield Text("What people have attested:")
    attested = tuple(
        (one.subject, one.by, str(one.on), str(one.until), one.note or _NEVER)
        for one in sorted(facts.profile.attestation, key=lambda one: one.subject)
    )
    yield Table(("subject", "by", "on", "until", "note"), attested)


def _waivers(facts: Facts, report: Report) -> Iterator[Part]:
    rows = tuple(
        (one.control, one.reason, one.approver, str(one.until), ", ".join(one.scope))
        for one in sorted(facts.profile.waiver, key=lambda one: one.control)
    )
    yield Table(("control", "reason", "approved by", "until", "for"), rows)
    for name in report.lapsed:
        yield Text(f"the waiver of {name} is over", doubt=True)


def _procedures(facts: Facts) -> Iterator[Part]:
    for title, lines in procedures(facts.servers(), facts.config()):
        yield Listing(title, lines)


def sections(facts: Facts, report: Report) -> tuple[Section, ...]:
    """Return the sections of a site's page, from its evidence and an audit of it."""
    made: tuple[tuple[str, str, Callable[[], Iterable[Part]]], ...] = (
        ("about", mark("The site"), lambda: _about(facts, report)),
        ("nodes", mark("Nodes and roles"), lambda: _nodes(facts)),
        ("domains", mark("Domains and authentication"), lambda: _domains(facts)),
        ("cos", mark("Classes of service, and who deviates"), lambda: _coses(facts)),
        (
            *("listeners", mark("What listens, and who reaches it")),
            lambda: _listeners(report),
        ),
        ("certificates", mark("Certificates"), lambda: _certificates(facts)),
        ("administrators", mark("Administrators"), lambda: _administrators(facts)),
        ("backups", mark("Backups and rehearsals"), lambda: _backups(facts, report)),
        ("waivers", mark("Accepted risks"), lambda: _waivers(facts, report)),
        ("procedures", mark("Procedures"), lambda: _procedures(facts)),
    )
    return tuple(Section(name, title, _known(make)) for name, title, make in made)
