"""What was observed without dropping: who asked for what, and what was open before."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec

from zmward.firewall.admits import admits
from zmward.firewall.counted import Count, Counted
from zmward.firewall.known import Known
from zmward.firewall.openings import protocol
from zmward.sources.established import Connection
from zmward.sources.source import Unreadable

SCHEMA: Final = "zmward.observed/1"
ICMP: Final = frozenset({"icmp", "ipv6-icmp", "icmpv6", "igmp"})
Reason = Literal["not-allowed", "too-many"]


class Caller(msgspec.Struct, frozen=True):
    """One address that asked: its first packets, and which node of ours it is."""

    source: str
    packets: int
    bytes: int
    peer: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no address: a file of another hand may say anything."""
        ipaddress.ip_address(self.source)


class Wanted(msgspec.Struct, frozen=True):
    """One port or protocol that callers asked for and the policy keeps from them.

    `listening` is None where it is not known, as for protocols without ports. `allow`
    and `refuse` are the lines of the profile that decide over it.
    """

    protocol: str
    port: int
    reason: Reason
    packets: int
    callers: tuple[Caller, ...]
    listening: bool | None
    name: str = ""
    about: str = ""
    program: str = ""
    allow: str = ""
    refuse: str = ""

    @property
    def thing(self) -> str:
        """Return it in words: `tcp 7071`, or a protocol alone."""
        return f"{self.protocol} {self.port}" if self.port else self.protocol


class Between(msgspec.Struct, frozen=True):
    """Packets from the midst of a connection, not from its beginning.

    `inbound` ones were opened from outside, to a port on which something listens.
    """

    source: str
    source_port: int
    port: int
    packets: int
    inbound: bool = False
    name: str = ""
    program: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no address."""
        ipaddress.ip_address(self.source)

    def wanted(self) -> Wanted:
        """Return what is asked for when the connection is opened again."""
        return Wanted(
            *("tcp", self.port, "not-allowed", self.packets),
            callers=(Caller(self.source, self.packets, 0),),
            listening=True,
            name=self.name,
        )


class Observed(msgspec.Struct, frozen=True):
    """One observation: `ended` is `time`, or why it ended before.

    `packets` are all first packets that the policy would drop. `invalid` ones belong
    to nothing, `untracked` ones are exempt from connection tracking, and what found no
    room is in `uncounted` by the name of its set.
    """

    host: str
    began: str
    seconds: int
    asked: int
    ended: str
    packets: int
    wanted: tuple[Wanted, ...]
    open_before: tuple[Between, ...] = ()
    strays: tuple[Between, ...] = ()
    invalid: int = 0
    untracked: int = 0
    uncounted: Mapping[str, int] = {}
    problems: tuple[str, ...] = ()
    zmward: str = ""


def _key(row: Count) -> tuple[Reason, str, int]:
    reason: Reason = "too-many" if row.kind == "rated" else "not-allowed"
    port = row.numbers[1] if len(row.numbers) > 1 else 0
    return reason, protocol(row.numbers[0]), port


def _grouped(rows: Iterable[Count]) -> Mapping[tuple[Reason, str, int], list[Count]]:
    found: dict[tuple[Reason, str, int], list[Count]] = {}
    for row in rows:
        if row.kind != "midway":
            found.setdefault(_key(row), []).append(row)
    return found


def _callers(rows: Iterable[Count], known: Known) -> tuple[Caller, ...]:
    """Return who asked, most often first; one may stand in two sets."""
    found: dict[str, list[Count]] = {}
    for row in rows:
        found.setdefault(row.source, []).append(row)
    callers = (
        Caller(
            source,
            sum(row.packets for row in own),
            sum(row.bytes for row in own),
            known.peer(source),
        )
        for source, own in found.items()
    )
    return tuple(sorted(callers, key=lambda one: (-one.packets, one.source)))


def _wanted(rows: Iterable[Count], known: Known, day: str) -> Iterator[Wanted]:
    for (reason, name, port), own in _grouped(rows).items():
        callers = _callers(own, known)
        found = known.service(name, port)
        # Where nobody listens, there is nothing to decide.
        asked = found.listening is not False
        many = reason == "not-allowed"
        yield Wanted(
            *(name, port, reason, sum(one.packets for one in callers), callers),
            listening=found.listening,
            name=found.name,
            about=found.about,
            program=found.program,
            allow=known.allow(name, port, _named(callers), day) if asked else "",
            refuse=known.refuse(name, port, day) if asked and many else "",
        )


def _named(callers: Iterable[Caller]) -> tuple[str, ...]:
    """Return the callers as the profile names them: the cluster, or addresses."""
    kept = tuple(callers)
    if kept and all(one.peer for one in kept):
        return ("cluster",)
    return tuple(one.source for one in kept)


def _opened(
    one: Connection, packets: Mapping[tuple[str, int, int], int], known: Known
) -> Between | None:
    """Return a connection that was open, where it was seen or could not come again."""
    key = (one.peer, one.peer_port, one.local_port)
    found = known.service("tcp", one.local_port)
    inbound = found.listening is True
    lost = inbound and not admits(known.policy, "tcp", one.local_port, one.peer)
    if not lost and key not in packets:
        return None
    program = one.program or found.program
    return Between(*key, packets.get(key, 0), inbound, found.name, program)


def _between(
    rows: Iterable[Count], before: Iterable[Connection], known: Known
) -> tuple[tuple[Between, ...], tuple[Between, ...]]:
    """Return the connections that were open, and packets that belong to none."""
    packets = {
        (row.source, row.numbers[0], row.numbers[1]): row.packets
        for row in rows
        if row.kind == "midway"
    }
    # What the host says to itself passes by the loopback, whatever the address.
    outside = (
        one
        for one in before
        if one.peer not in known.own and not ipaddress.ip_address(one.peer).is_loopback
    )
    found = (_opened(one, packets, known) for one in outside)
    was_open = tuple(one for one in found if one is not None)
    seen = {(one.source, one.source_port, one.port) for one in was_open}
    strays = (Between(*key, packets[key]) for key in packets.keys() - seen)
    return tuple(sorted(was_open, key=_often)), tuple(sorted(strays, key=_often))


def _often(one: Between) -> tuple[int, str, int, int]:
    return -one.packets, one.source, one.port, one.source_port


class Circumstances(msgspec.Struct, frozen=True):
    """When and how was listened."""

    began: str
    seconds: int
    asked: int
    ended: str
    zmward: str = ""


def observed(
    counted: Counted, known: Known, before: Iterable[Connection], how: Circumstances
) -> Observed:
    """Return the observation: what was asked for most comes first."""
    was_open, strays = _between(counted.rows, before, known)
    wanted = _wanted(counted.rows, known, how.began[:10])
    return Observed(
        *(known.policy.host, how.began, how.seconds, how.asked, how.ended),
        counted.counters["left"],
        tuple(sorted(wanted, key=lambda one: (-one.packets, one.thing))),
        *(was_open, strays, counted.counters["invalid"]),
        counted.counters["untracked"],
        counted.uncounted,
        tuple(one.text for one in known.policy.refused),
        how.zmward,
    )


def document(found: Observed) -> str:
    """Return the observation as a JSON document."""
    whole = {"schema": SCHEMA, **msgspec.to_builtins(found)}
    return msgspec.json.format(msgspec.json.encode(whole)).decode() + "\n"


def parse(text: str) -> Observed:
    """Read such a document; fields that are not known are ignored."""
    try:
        whole = msgspec.json.decode(text)
        if not isinstance(whole, dict) or whole.get("schema") != SCHEMA:
            raise Unreadable(f"not a document of {SCHEMA}")
        return msgspec.convert(whole, Observed)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not a document of {SCHEMA}: {error}") from error
