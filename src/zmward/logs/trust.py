"""Whose word about other addresses is taken, as the evidence of a node has it.

What the server itself believes (zimbraMailTrustedIP) is in its lines already, so that
reading them without that belief would name proxies as clients. The nodes that pass
connections on are known by their own addresses.
"""

import ipaddress
from collections.abc import Iterator

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS

NEEDED = (CONFIG, SERVERS, ADDRESSES)
_TRUSTED = "zimbraMailTrustedIP"


def _literal(value: str) -> str:
    """Return a value as an address; Zimbra takes no networks, so it says nothing."""
    try:
        return str(ipaddress.ip_address(value.strip().strip("[]")))
    except ValueError:
        return ""


def _believed(facts: Facts) -> Iterator[str]:
    for server in facts.servers("mailbox"):
        place = server if server.own(_TRUSTED) else facts.config()
        yield from filter(None, map(_literal, place.own(_TRUSTED)))


def _nodes(facts: Facts) -> Iterator[str]:
    for server in (*facts.servers("proxy"), *facts.servers("mta")):
        try:
            yield from facts.read(ADDRESSES, server.name)
        except Unseen:
            continue


def trusted(facts: Facts) -> tuple[tuple[str, ...], str]:
    """Return the trusted addresses, and why they may not be all: nothing, or a note."""
    own: list[str] = []
    for host in facts.evidence.hosts:
        try:
            known = facts.read(ADDRESSES, host)
        except Unseen:
            continue
        own += known
    try:
        believed = (*_believed(facts), *_nodes(facts))
    except Unseen as signal:
        note = f"whom the servers trust is not known: {signal.missing.reason}"
        return tuple(dict.fromkeys(own)), note
    return tuple(dict.fromkeys((*believed, *own))), ""


def written(address: str) -> tuple[str, ...]:
    """Return how zimbraMailTrustedIP must name an address: it compares whole texts.

    Java prints IPv6 in brackets with all eight groups; the form without brackets
    stands beside it for what compares the bare address.
    """
    parsed = ipaddress.ip_address(address.strip().strip("[]"))
    if parsed.version == 4:  # noqa: PLR2004  # IPv4
        return (str(parsed),)
    groups = ":".join(f"{int(one, 16):x}" for one in parsed.exploded.split(":"))
    return f"[{groups}]", groups
