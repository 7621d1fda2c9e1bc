"""The networks that `ipset save` writes, read without the engine that is on trial.

An engine that misreads a set has other boundaries than the set: packets that are aimed
at its own reading alone would miss them.
"""

import ipaddress
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.aimed import Shot, Target, boundaries, hits
from lab.chosen import Honest
from lab.ways import Family, Way, looked_at
from zmward.firewall.ranges import Ranges
from zmward.firewall.rules import Is

# Of large sets not every member is asked of every rule; every exception is.
_OTHERS = 10
_FAMILIES: dict[int, Family] = {4: "ipv4", 6: "ipv6"}


@dataclass(frozen=True)
class Network:
    """One member: its first and last address, and whether it is an exception."""

    family: Family
    pair: tuple[int, int]
    exception: bool


def networks(told: str) -> Iterator[Network]:
    """Yield each address and network that is a member of a set."""
    for line in told.splitlines():
        verb, _, *rest = line.split()
        if verb != "add":
            continue
        for part in rest[0].split(","):
            try:
                one = ipaddress.ip_network(part)
            except ValueError:
                continue
            pair = int(one.network_address), int(one.broadcast_address)
            yield Network(_FAMILIES[one.version], pair, "nomatch" in rest[1:])


def in_order(told: str) -> str:
    """Return the same with its members in order; the kernel tells them in any.

    Only so does a seed choose the same packets again.
    """
    lines = told.splitlines(keepends=True)
    members = sorted(line for line in lines if line.startswith("add "))
    return "".join((*(x for x in lines if not x.startswith("add ")), *members))


def _sampled(
    found: Sequence[Network], family: Family, dice: random.Random
) -> list[Network]:
    own = [one for one in dict.fromkeys(found) if one.family == family]
    others = [one for one in own if not one.exception]
    kept = dice.sample(others, min(_OTHERS, len(others)))
    return [*(one for one in own if one.exception), *kept]


def beside_members(
    aimed: Sequence[Target], told: str, sent: Sequence[Shot], dice: random.Random
) -> Iterator[Shot]:
    """Yield packets on and beside the boundaries of members, for each rule."""
    found = list(networks(told))
    if not found:
        return
    honest = Honest(aimed)
    for shot in sent:
        honest(shot.packet)
    for target in aimed:
        own = _sampled(found, target.family, dice)
        edges = tuple(Is("source", Ranges((one.pair,))) for one in own)
        for aim in target.aims:
            hit = next(hits(target, aim, dice), None)
            if hit is None or not _by_source(hit[2]):
                continue
            for shot in boundaries(target, hit[0], hit[1], edges, dice):
                if honest(shot.packet):
                    yield shot


def _by_source(way: Way) -> bool:
    return any(name == "source" for name, _ in looked_at(way))
