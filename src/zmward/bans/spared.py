"""Addresses that are never banned: the servers, whom the site names, who works here."""

import ipaddress
import re
from collections.abc import Iterable, Iterator

import msgspec

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.openings import FAMILIES
from zmward.firewall.peers import peers
from zmward.firewall.ranges import written
from zmward.firewall.services import services
from zmward.firewall.settings import entry, values
from zmward.profile import Profile
from zmward.sources.addresses import ADDRESSES
from zmward.sources.fail2ban import FAIL2BAN

_LOOPBACK = ("127.0.0.0/8", "::1")
# A word that fail2ban's own files hold already; names too, which it resolves.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:/-]{0,252}|::1(?:/128)?", re.ASCII)
_TRUSTED = "zimbraMailTrustedIP"
# IPv4 inside IPv6: fail2ban is told the IPv4 address, and would not know it again.
_MAPPED = 96
_SAFE = "zimbraHttpThrottleSafeIPs"
_BETWEEN = frozenset(("networks.proxies", "firewall.cluster", "logs.trusted"))


class Spared(msgspec.Struct, frozen=True):
    """An address, network or name that no jail of ours bans, and why.

    `between` says that clients come through it: seen as a client itself, it hides
    them.
    """

    word: str
    why: str
    between: bool = False


def _network(text: str) -> str:
    """Return a network as fail2ban takes it, nothing for what is none."""
    try:
        found = ipaddress.ip_network(text.strip().strip("[]"), strict=False)
    except ValueError:
        return ""
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped and found.prefixlen >= _MAPPED:
        found = ipaddress.ip_network((mapped, found.prefixlen - _MAPPED))
    one = found.num_addresses == 1
    return str(found.network_address) if one else str(found)


def plain_address(word: str) -> bool:
    """Say whether a word is an address or a network, and no name."""
    return bool(_network(word))


def _profile(site: Profile) -> Iterator[Spared]:
    """Yield whoever the profile names: none of them is a stranger."""
    tables = (
        ("networks", site.networks, site.networks.__struct_fields__),
        ("firewall", site.firewall, ("cluster", "virtual_addresses")),
        ("logs", site.logs, ("trusted",)),
        ("bans", site.bans, ("spared",)),
    )
    for table, struct, names in tables:
        for name in names:
            key = f"{table}.{name.replace('_', '-')}"
            for word in getattr(struct, name):
                yield Spared(_network(word), f"{key} of the profile", key in _BETWEEN)


def _servers(facts: Facts, host: str, unknown: list[str]) -> Iterator[Spared]:
    for address in facts.read(ADDRESSES, host):
        one = ipaddress.ip_address(address)
        if one.is_loopback or one.is_link_local:
            continue
        yield Spared(_network(address), f"this server, {host}", between=True)
    found, _ = peers(facts, host, services(facts, host))
    for peer in found:
        if not peer.sources:
            unknown.append(peer.name)
        for family in FAMILIES:
            for net in written(peer.sources.of(family), family):
                why = f"the server {peer.name}"
                yield Spared(_network(net), why, between=True)


def _directory(facts: Facts, host: str) -> Iterator[Spared]:
    own = entry(facts, host)
    for attribute in (_TRUSTED, _SAFE):
        for value in values(facts, own, attribute):
            for word in value.replace(",", " ").split():
                yield Spared(_network(word), attribute, attribute == _TRUSTED)


def _before(facts: Facts, host: str) -> Iterator[Spared]:
    """Yield what the site's own fail2ban spares already."""
    try:
        found = facts.read(FAIL2BAN, host)
    except Unseen:
        return
    for word in found.common.replace(",", " ").split():
        if _WORD.fullmatch(word):
            yield Spared(word, "ignoreip of this server's fail2ban")


def spared(
    facts: Facts, host: str, operators: Iterable[str]
) -> tuple[tuple[Spared, ...], tuple[str, ...]]:
    """Return who is spared, each once, and servers of which no address is known."""
    unknown: list[str] = []
    some = [
        *(Spared(word, "the host itself") for word in _LOOPBACK),
        *_servers(facts, host, unknown),
        *_directory(facts, host),
        *_profile(facts.profile),
        *(Spared(_network(one), "somebody works from there now") for one in operators),
        *_before(facts, host),
    ]
    found: dict[str, Spared] = {}
    for one in some:
        if one.word:
            found.setdefault(one.word, one)
    return tuple(found.values()), tuple(unknown)


def everybody(some: Iterable[Spared]) -> Iterator[Spared]:
    """Yield networks that hold a whole family: with them nobody is banned."""
    for one in some:
        if one.word.endswith("/0"):
            yield one


class Lookup:
    """Finds why an address is spared."""

    def __init__(self, some: Iterable[Spared]) -> None:
        self._networks = []
        self.some = tuple(some)
        for one in self.some:
            try:
                net = ipaddress.ip_network(one.word, strict=False)
            except ValueError:  # a name, which nobody resolves here
                continue
            self._networks.append((net, one))

    def find(self, address: str) -> Spared | None:
        """Return who it is, None for an address or network that is not spared."""
        one = ipaddress.ip_network(address, strict=False)
        first = one.network_address
        for net, spared in self._networks:
            if first.version == net.version and first in net:
                return spared
        return None
