"""What to propose to somebody who writes a profile, and what an answer comes to."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from zmward.catalog.foreign_ports import FOREIGN, foreign
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.admits import holds
from zmward.firewall.openings import Policy, Problem
from zmward.firewall.services import services
from zmward.firewall.ssh import ssh_ports
from zmward.firewall.zones import as_seen
from zmward.profile import ZONES, Allow, Firewall, Profile, Refuse
from zmward.sources.addresses import ADDRESSES
from zmward.sources.established import ESTABLISHED

# A private network usually has so long a prefix; one host of IPv6 owns a /64.
_PRIVATE, _OF_IPV6 = 24, 64
_NOBODY: Final = frozenset({"none", "-"})
_WHY: Final = "said at zmward init"
_ANYWHERE: Final = frozenset({"anywhere", "any"})


class BadAnswer(ValueError):
    """An answer that cannot be taken; its text says why."""


def _network(word: str) -> str:
    try:
        found = ipaddress.ip_network(word)
    except ValueError as error:
        try:
            wide = ipaddress.ip_network(word, strict=False)
        except ValueError:
            said = f"{word!r} is no network: write 192.0.2.0/24, or 2001:db8::/48"
            raise BadAnswer(said) from error
        raise BadAnswer(f"{word} is an address inside {wide}: say which") from error
    if found.prefixlen == 0:
        raise BadAnswer(f"{word} is everybody: that is no network of yours")
    return str(found)


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def networks(text: str) -> tuple[str, ...]:
    """Return the networks of an answer; `none` names none."""
    words = _words(text)
    if len(words) == 1 and words[0].lower() in _NOBODY:
        return ()
    return tuple(dict.fromkeys(_network(word) for word in words))


def anywhere_or_networks(text: str) -> tuple[str, ...]:
    """Return the networks of an answer, none where users may be anywhere."""
    words = _words(text)
    if len(words) == 1 and words[0].lower() in _ANYWHERE:
        return ()
    return networks(text)


def keeping(text: str, operators: Iterable[str]) -> tuple[str, ...]:
    """Return the administrators' networks; refuse those that shut somebody out."""
    found = networks(text)
    spans = [ipaddress.ip_network(word) for word in found]
    for address in operators:
        own = ipaddress.ip_address(address)
        inside = any(own.version == span.version and own in span for span in spans)
        if found and not own.is_loopback and not inside:
            raise BadAnswer(
                f"somebody works on the server from {address}, which is in none of "
                "them: SSH would shut them out"
            )
    return found


def around(address: str) -> str:
    """Return the network that an administrator's own address is probably in."""
    found = ipaddress.ip_address(address)
    prefix = _OF_IPV6
    if found.version == 4:  # noqa: PLR2004  # IPv4
        prefix = _PRIVATE if found.is_private else found.max_prefixlen
    return str(ipaddress.ip_network(f"{found}/{prefix}", strict=False))


def seen_operators(facts: Facts, host: str) -> tuple[str, ...]:
    """Return who was connected to SSH when the node was asked."""
    try:
        found = facts.read(ESTABLISHED, host)
    except Unseen:
        return ()
    ports, _, _ = ssh_ports(facts, host)
    peers = {one.peer for one in found if one.local_port in ports}
    return tuple(sorted(p for p in peers if not ipaddress.ip_address(p).is_loopback))


def used(facts: Facts) -> Mapping[str, tuple[str, ...]]:
    """Return what of users' functions runs: the profile's key to names of services."""
    found: dict[str, list[str]] = {}
    for host in facts.evidence.hosts:
        for one in services(facts, host):
            clients = one.exposure == "clients" and one.listening is not False
            if one.row.wanted and clients:
                found.setdefault(one.row.wanted, []).append(f"{one.name} {one.port}")
    return {key: tuple(dict.fromkeys(names)) for key, names in found.items()}


def trusted(facts: Facts, policies: Iterable[Policy]) -> tuple[str, ...]:
    """Return whom Zimbra trusts to name a client's address, but for its own nodes."""
    own: set[str] = set()
    for host in facts.evidence.hosts:
        try:
            held = facts.read(ADDRESSES, host)
        except Unseen:
            continue
        own.update(held)
    try:
        said = facts.config().own("zimbraMailTrustedIP")
    except Unseen:
        return ()
    nodes = as_seen(facts.profile, policies)["cluster"]
    found = (word for text in said for word in _words(text))
    return tuple(
        dict.fromkeys(
            word
            for word in found
            if _is_address(word)
            and word not in own
            and not ipaddress.ip_address(word).is_loopback
            and not holds(nodes, word)
        )
    )


def strangers(policies: Iterable[Policy]) -> tuple[str, ...]:
    """Return addresses that use inner services and belong to no known node."""
    found: dict[str, None] = {}
    for one in policies:
        for problem in one.problems:
            if problem.kind == "peer" and _is_address(problem.subject):
                found[problem.subject] = None
    return tuple(found)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def listening(policies: Iterable[Policy]) -> Iterator[Problem]:
    """Yield what listens or is spoken somewhere and is neither allowed nor refused."""
    seen: set[str] = set()
    for one in policies:
        for problem in one.problems:
            if problem.kind == "listener" and problem.subject not in seen:
                seen.add(problem.subject)
                yield problem


def _thing(subject: str) -> Refuse:
    """Return what a problem is about, as the profile names it."""
    protocol, _, port = subject.partition(" ")
    row = foreign(protocol, int(port)) if port else None
    if row is not None:
        return Refuse(_WHY, row.name)
    if port:
        return Refuse(_WHY, port=port, protocol=protocol)
    named = any(row.name == protocol for row in FOREIGN)
    return Refuse(_WHY, protocol) if named else Refuse(_WHY, protocol=protocol)


def _places(words: Iterable[str]) -> tuple[str, ...]:
    found = [word if word in ZONES else _network(word) for word in words]
    return tuple(dict.fromkeys(found))


def decided(settings: Firewall, subject: str, answer: str, why: str) -> Firewall:
    """Return the settings with an answer: networks, zones, `refuse` or `later`."""
    words = _words(answer)
    if not words or words == ["later"]:
        return settings
    refused = msgspec.structs.replace(_thing(subject), why=why)
    if "refuse" in words or "later" in words:
        if len(words) > 1:
            raise BadAnswer("one word alone, or whom to let in")
        # The profile is for all nodes: what another one needs stays open there.
        rest = msgspec.structs.replace(refused, from_=("internet",))
        more = (*settings.refuse, rest)
        return msgspec.structs.replace(settings, refuse=more)
    named = (refused.name, refused.port, refused.protocol)
    entry = Allow(_places(words), why, *named)
    return msgspec.structs.replace(settings, allow=(*settings.allow, entry))


def left(policies: Iterable[Policy]) -> tuple[Problem, ...]:
    """Return what still keeps whitelists from being loaded."""
    return tuple(dict.fromkeys(p for one in policies for p in one.refused))


def with_firewall(profile: Profile, **values: object) -> Profile:
    """Return the profile with some settings of its firewall changed."""
    own = msgspec.structs.replace(profile.firewall, **values)
    return msgspec.structs.replace(profile, firewall=own)
