"""The look from outside at memcached over UDP: what a small datagram brings back."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from zmward.controls.shapes.outside_ways import seen_port, sight_of
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.outlook import Outlook, Outside, Sight
from zmward.scan.memcached import MemcachedShown
from zmward.scan.seen import PortSeen, Seen

_PORT: Final = 11211
_WANTED: Final = "TCP only"
_NO_CURE: Final = (
    "Start it with `-U 0`, as zmmemcachedctl of current Zimbra does; somebody changed "
    "the script, or it is not Zimbra's memcached. Until then close 11211/udp."
)
_REFUSED: Final = "a datagram that asks for the version was refused"
# A filter before this looker alone keeps as silent as one before everybody.
_REASONS: Final = {
    "silent": (
        "two datagrams that ask for the version brought nothing back, and silence over "
        "UDP does not tell open from closed"
    ),
    "other": "what answers there over UDP is not memcached",
}


def _shown(outlook: Outlook, shown: MemcachedShown) -> Judgement:
    name = outlook.place(shown.address, shown.port, "udp")
    if shown.udp == "refuses":
        return sound(Layer.RUNNING, name, source="outside", seen=_REFUSED)
    if shown.udp != "answers":
        reason = _REASONS.get(shown.udp) or shown.trouble or "it was not asked"
        return unknown(Layer.RUNNING, name, reason)
    told = (
        f"a datagram of {shown.sent} bytes brought {shown.received} back "
        f"(factor {shown.factor:.1f}); larger questions bring much more"
    )
    return deviates(
        Layer.RUNNING,
        name,
        told,
        _WANTED,
        no_cure=_NO_CURE,
        source="outside",
        seen=told,
    )


def _port(outlook: Outlook, port: PortSeen) -> Judgement:
    name = outlook.place(port.address, port.port, "udp")
    if port.state == "open":
        told = "something answers there over UDP"
        return deviates(
            Layer.RUNNING,
            name,
            told,
            _WANTED,
            no_cure=_NO_CURE,
            source="outside",
            seen=told,
        )
    if port.state == "closed":
        seen = "a datagram was refused"
        return sound(Layer.RUNNING, name, source="outside", seen=seen)
    reason = "nothing came back, and nobody asked in memcached's words"
    return not_concerned(Layer.RUNNING, name, reason)


def without_udp(seen: Seen, outlook: Outlook) -> Iterator[Judgement]:
    """Judge what memcached's port brings back over UDP, from each address."""
    shown = [one for one in seen.shown if isinstance(one, MemcachedShown)]
    asked = {(one.address, one.port) for one in shown}
    others = [
        port
        for port in seen.ports
        if port.proto == "udp"
        and port.port == _PORT
        and (port.address, port.port) not in asked
    ]
    yield from (_shown(outlook, one) for one in shown)
    yield from (_port(outlook, port) for port in others)
    if not shown and not others:
        reason = "memcached was not asked over UDP"
        yield not_concerned(Layer.RUNNING, outlook.subject, reason)


_QUIET: Final = MemcachedShown("192.0.2.10", _PORT, "1.4.37", udp="refuses")
_LOUD: Final = replace(_QUIET, udp="answers", sent=17, received=24)


def _seen(*shown: MemcachedShown) -> Seen:
    return Seen("mail.example.test", "2026-11-21T12:00:00+00:00", "0", shown=shown)


WITHOUT_UDP: Final = Outside(
    without_udp,
    (
        Sight("ok", _seen(_QUIET)),
        Sight("unknown", _seen(replace(_QUIET, udp="silent"))),
        Sight("bad", _seen(_QUIET, _LOUD)),
        Sight("unknown", _seen(replace(_QUIET, udp="unknown"))),
        Sight("unknown", _seen(replace(_QUIET, udp="other"))),
        Sight("ok", sight_of(seen_port(_PORT, "closed", udp=True))),
        Sight("bad", sight_of(seen_port(_PORT, udp=True))),
        Sight("n/a", sight_of(seen_port(_PORT, "filtered", udp=True))),
        Sight("n/a", _seen()),
    ),
)
