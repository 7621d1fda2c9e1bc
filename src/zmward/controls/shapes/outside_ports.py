"""Looks from outside at ports: who was let in, against who may be let in."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from zmward.catalog.ports import PORTS, Port
from zmward.controls.firewall._cure import NO_CURE
from zmward.controls.shapes.outside_seen import perhaps_itself
from zmward.controls.shapes.outside_ways import (
    TRUSTED,
    WANTED,
    ZONES,
    Way,
    may,
    named_for,
    rows_at,
    rows_of,
    said,
    seen_port,
    sight_of,
    subject,
    way_to,
    ways,
    whom,
)
from zmward.deviation import (
    Judgement,
    Layer,
    State,
    deviates,
    not_concerned,
    sound,
    unknown,
)
from zmward.outlook import Outlook, Outside, Sight
from zmward.profile import Allow, Firewall, Networks, Profile
from zmward.profile import Services as Wishes
from zmward.scan.named import Service
from zmward.scan.seen import PortSeen, Seen
from zmward.scan.spans import spans

_ALL: Final = "tcp 1-65535"
# An address with more foreign ports than these gets one line for all of them.
_EACH: Final = 40
_LONGEST: Final = 120
Look = Callable[[Seen, Outlook], Iterable[Judgement]]
Judge = Callable[[Outlook, Port, Way], Judgement]
# An address behind somebody's router, and a site that has such addresses too.
_INNER: Final = "10.1.2.3"
_PEERS: Final = Profile(firewall=Firewall(cluster=("10.1.0.0/16",)))


def _open(outlook: Outlook, row: Port, way: Way) -> Judgement:
    name = subject(outlook, way.port)
    allowed = may(row, way, outlook.profile)
    place = whom(way)
    if allowed:
        return not_concerned(
            Layer.RUNNING, name, f"open, looked at from {place}, which may reach it"
        )
    if allowed is None:
        text = f"open to {place}: the profile does not say who may reach {row.name}"
        return not_concerned(Layer.RUNNING, name, text)
    return deviates(
        Layer.RUNNING,
        name,
        f"{row.name} is open to {place}",
        WANTED[row.exposure],
        no_cure=NO_CURE,
        source="outside",
        seen=said(way),
    )


def _closed(outlook: Outlook, row: Port, way: Way) -> Judgement:
    name = subject(outlook, way.port)
    if may(row, way, outlook.profile):
        return not_concerned(Layer.RUNNING, name, "who looked may reach it anyway")
    if way.port.proto == "udp" and way.port.state == "filtered":
        text = "silence over UDP does not tell open from closed"
        return not_concerned(Layer.RUNNING, name, text)
    return sound(Layer.RUNNING, name, source="outside", seen=said(way))


def _reading(outlook: Outlook, row: Port, way: Way, judge: Judge) -> Judgement:
    if way.itself:
        text = "the host looked at itself, which tells nothing of strangers"
        return not_concerned(Layer.RUNNING, subject(outlook, way.port), text)
    return judge(outlook, row, way)


def judged(outlook: Outlook, row: Port, way: Way) -> Judgement:
    """Judge one port that is for some and not for others."""
    name = subject(outlook, way.port)
    if not way.source:
        return unknown(Layer.RUNNING, name, "from where it was looked at is not known")
    judge = _open if way.port.state == "open" else _closed
    first, *others = (_reading(outlook, row, one, judge) for one in way.readings)
    agree = all(other.state is first.state for other in others)
    told = agree if way.port.state == "open" else _shut_to_all(way)
    return first if told or first.state is State.NA else unsure(outlook, way)


def _shut_to_all(way: Way) -> bool:
    """Say that a closed port is shut to whomever the server saw.

    A node whose address was hidden went through the cluster's own router, which may
    let strangers in where it does not let the cluster out and back; so may that of
    the host itself.
    """
    inside = way.hidden and way.zone in ("cluster", "itself")
    return way.port.state != "open" and not inside


def unsure(outlook: Outlook, way: Way) -> Judgement:
    """Say that it counts whom the server saw, and that nobody knows."""
    if way.zone == "itself":
        text = perhaps_itself(way.source)
        return unknown(Layer.RUNNING, subject(outlook, way.port), text)
    named = "an address" if way.zone == "internet" else ZONES.get(way.zone, way.zone)
    reason = (
        f"whether the server saw {way.source} ({named} of the profile) or a router's "
        "address in its place is not known: look from a place that has a public address"
    )
    return unknown(Layer.RUNNING, subject(outlook, way.port), reason)


def closed_to_strangers(rows: Iterable[Port]) -> Look:
    """Judge the ports of some rows, whatever their numbers are."""
    kept = tuple(rows)

    def look(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
        found = [judged(outlook, row, way) for row, way in ways(seen, outlook, kept)]
        yield from found
        if not found:
            yield not_concerned(Layer.RUNNING, outlook.subject, "no such port asked")

    return look


def strangers_kept_out(
    port: int, service: Service = "", *, rows: Iterable[Port]
) -> Outside:
    """Return the look at some rows, with examples of one of their ports."""
    open_, shut = seen_port(port, "open", service), seen_port(port, "filtered")
    nowhere = replace(sight_of(shut), source={})
    return Outside(
        closed_to_strangers(rows),
        (
            Sight("ok", sight_of(shut)),
            Sight("ok", sight_of(seen_port(port, "closed"))),
            Sight("bad", sight_of(open_)),
            Sight("bad", sight_of(shut, seen_port(port, "open", service))),
            Sight("n/a", sight_of(open_, source="192.0.2.10")),
            Sight("bad", sight_of(open_, source=_INNER)),
            Sight("ok", sight_of(shut, source=_INNER)),
            Sight("unknown", sight_of(shut, source=_INNER), _PEERS),
            Sight("n/a", sight_of()),
            Sight("unknown", nowhere),
        ),
    )


_NUMBERS: Final = frozenset(
    (proto, row.port) for row in PORTS for proto in row.protocols
)


def _known(port: PortSeen) -> bool:
    return (port.proto, port.port) in _NUMBERS or port.service == "ssh"


def _foreign(seen: Seen, outlook: Outlook) -> Iterator[Way]:
    """Yield the open ports of which neither the catalog nor the profile knows."""
    for port in seen.ports:
        if port.state != "open" or _known(port):
            continue
        way = way_to(seen, outlook, port)
        if all(_meant(one, outlook.profile) for one in way.readings):
            continue
        yield way


def _meant(way: Way, profile: Profile) -> bool:
    """Say that the site may have opened a port for whoever looked, or he is itself."""
    return way.itself or way.zone in TRUSTED or named_for(way, profile, "")


def _unknown_service(outlook: Outlook, ways_: list[Way]) -> Judgement:
    """Judge one port, or all of an address that answers for everything."""
    first, count = ways_[0], len(ways_)
    what = first.port.service or "an unknown service"
    found, subject_ = f"{what} is open", subject(outlook, first.port)
    if count > 1:
        numbers_ = spans([way.port.port for way in ways_])[:_LONGEST]
        subject_ = f"{outlook.subject} ({first.port.address})"
        found = f"{count} ports that nobody knows are open ({numbers_})"
    return deviates(
        Layer.RUNNING,
        subject_,
        f"{found} to {whom(first)}",
        "known services only",
        no_cure=NO_CURE,
        source="outside",
        seen=said(first),
    )


def known_only(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    """Judge open ports of which the catalog and the profile know nothing."""
    found: dict[str, list[Way]] = {}
    doubtful = False
    for way in _foreign(seen, outlook):
        if any(_meant(one, outlook.profile) for one in way.readings):
            doubtful = True
            yield unsure(outlook, way)
        else:
            found.setdefault(way.port.address, []).append(way)
    for own in found.values():
        each = [own] if len(own) > _EACH else [[way] for way in own]
        yield from (_unknown_service(outlook, one) for one in each)
    if not found and not doubtful:
        yield _all_known(seen, outlook)


def _stranger(seen: Seen, outlook: Outlook, address: str) -> bool:
    """Say whether an address was looked at as strangers look at it."""
    zone = outlook.vantage(seen, address)
    if zone in ("itself", "cluster"):
        return False
    return zone not in TRUSTED or outlook.hidden(seen, address)


def _all_known(seen: Seen, outlook: Outlook) -> Judgement:
    """Say what it is worth that no foreign port was seen."""
    mixed = [a for a in seen.addresses if outlook.doubtful(seen, a)]
    if _ALL in seen.asked and mixed:
        text = perhaps_itself(seen.source[mixed[0]])
        return unknown(Layer.RUNNING, outlook.subject, text)
    strange = any(_stranger(seen, outlook, address) for address in seen.addresses)
    if _ALL not in seen.asked or not strange:
        text = "not all ports were asked by a stranger: `zmward scan --all-ports`"
        return not_concerned(Layer.RUNNING, outlook.subject, text)
    if lost := [a for a in seen.addresses if not seen.source.get(a)]:
        text = f"from where {', '.join(lost)} was looked at is not known"
        return unknown(Layer.RUNNING, outlook.subject, text)
    if unsure := (*seen.silent, *(f"{a}: {r}" for a, r in seen.doubted().items())):
        return unknown(Layer.RUNNING, outlook.subject, f"not all is known: {unsure[0]}")
    text = f"{len(seen.open())} open ports, each of them known"
    return sound(Layer.RUNNING, outlook.subject, source="outside", seen=text)


def _should(row: Port, way: Way, seen: Seen, profile: Profile) -> bool:
    """Say whether a port that keeps silent surely ought to be open to who looked."""
    if row.optional or row.by_listener or not may(row, way, profile):
        return False
    chosen = profile.firewall.services.get(row.name, ())
    elsewhere = any(
        other.port == way.port.port and other.proto == way.port.proto
        for other in seen.open()
    )
    wished = bool(row.wanted) and getattr(profile.services, row.wanted) == "wanted"
    return elsewhere or wished or way.zone in chosen


def _policy(outlook: Outlook, row: Port, way: Way, seen: Seen) -> Judgement | None:
    """Judge one port as one reading of who looked; None where nothing decides it."""
    if way.itself:
        return None
    allowed = may(row, way, outlook.profile)
    if way.port.state == "open" and allowed is False:
        return _open(outlook, row, way)
    name = subject(outlook, way.port)
    if way.port.state == "filtered" and _should(row, way, seen, outlook.profile):
        return deviates(
            Layer.RUNNING,
            name,
            f"{row.name} is closed to {whom(way)}",
            WANTED[row.exposure],
            no_cure=NO_CURE,
            source="outside",
            seen=said(way),
        )
    if allowed is not None and (allowed == (way.port.state == "open")):
        return sound(Layer.RUNNING, name, source="outside", seen=said(way))
    return None


def _agreed(
    stranger: Judgement | None, own: Judgement | None, outlook: Outlook, way: Way
) -> Judgement | None:
    """Return what both readings of who looked come to."""
    if stranger is None:
        bad = own is not None and own.state is State.BAD
        return unsure(outlook, way) if bad else None
    agree = _shut_to_all(way) if own is None else own.state is stranger.state
    return stranger if agree else unsure(outlook, way)


def as_the_policy_says(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    """Judge what is for people: closed where it may not be open, open where it must."""
    rows = (*rows_of("internet", "clients"), *rows_at(22))
    found = False
    for row, way in ways(seen, outlook, rows):
        if not way.source or way.port.proto == "udp":
            continue
        readings = [_policy(outlook, row, one, seen) for one in way.readings]
        if one := _agreed(readings[0], readings[-1], outlook, way):
            found = True
            yield one
    if not found:
        text = "nothing that the profile decides was asked by a stranger"
        yield not_concerned(Layer.RUNNING, outlook.subject, text)


_OVER: Final = ("192.0.2.10 tcp 100-65535: the time was over",)
KNOWN_ONLY: Final = Outside(
    known_only,
    (
        Sight("ok", sight_of(seen_port(443), asked=(_ALL,))),
        Sight("ok", sight_of(seen_port(2222, service="ssh"), asked=(_ALL,))),
        Sight("bad", sight_of(seen_port(3389))),
        Sight("unknown", sight_of(seen_port(443), source="", asked=(_ALL,))),
        Sight("unknown", sight_of(seen_port(443, "filtered"), asked=(_ALL,))),
        Sight(
            "unknown", replace(sight_of(seen_port(443), asked=(_ALL,)), silent=_OVER)
        ),
        Sight("unknown", sight_of(seen_port(3389), source=_INNER), _PEERS),
        Sight("n/a", sight_of(seen_port(443), source=_INNER, asked=(_ALL,)), _PEERS),
        Sight("ok", sight_of(seen_port(443), source=_INNER, asked=(_ALL,))),
        Sight("n/a", sight_of(seen_port(443), asked=("tcp 25,443",))),
        Sight("n/a", sight_of(seen_port(3389), source="192.0.2.10", asked=(_ALL,))),
        Sight(
            "ok",
            sight_of(seen_port(9100), asked=(_ALL,)),
            Profile(
                firewall=Firewall(
                    allow=(Allow(("203.0.113.0/24",), "partner", port=9100),)
                )
            ),
        ),
    ),
)
_ADMINS: Final = Profile(networks=Networks(admins=("10.9.0.0/24",)))
AS_THE_POLICY_SAYS: Final = Outside(
    as_the_policy_says,
    (
        Sight("ok", sight_of(seen_port(25), seen_port(443))),
        Sight("ok", sight_of(seen_port(22, "filtered")), _ADMINS),
        Sight("bad", sight_of(seen_port(22, service="ssh")), _ADMINS),
        Sight(
            "bad",
            sight_of(seen_port(993)),
            Profile(networks=Networks(clients=("10.0.0.0/8",))),
        ),
        Sight(
            "bad",
            sight_of(seen_port(993, "filtered")),
            Profile(services=Wishes(imap="wanted")),
        ),
        Sight(
            "bad",
            sight_of(
                seen_port(25),
                PortSeen(25, "tcp", "2001:db8::10", "filtered"),
            ),
        ),
        Sight("bad", sight_of(seen_port(22, service="ssh"), source=_INNER), _ADMINS),
        Sight("unknown", sight_of(seen_port(22), source="10.9.0.5"), _ADMINS),
        Sight("ok", sight_of(seen_port(22, "filtered"), source=_INNER), _ADMINS),
        Sight("n/a", sight_of(seen_port(22, service="ssh"))),
        Sight("n/a", sight_of(seen_port(25), source="192.0.2.10")),
    ),
)
