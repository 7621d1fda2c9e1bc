"""memcached does not answer over UDP."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.exposure import shown
from zmward.controls.shapes.outside_memcached import WITHOUT_UDP
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.listeners import LISTENERS, Listener

_PORT = 11211


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = [
        one
        for one in facts.read(LISTENERS, host)
        if one.port == _PORT or one.program == "memcached"
    ]
    datagrams = sorted({shown(one) for one in found if one.protocol == "udp"})
    if datagrams:
        yield deviates(
            Layer.RUNNING,
            host,
            ", ".join(datagrams),
            "TCP only",
            no_cure="Start it with `-U 0`, as zmmemcachedctl of current Zimbra does; "
            "somebody changed the script, or it is not Zimbra's memcached.",
            source="listeners",
        )
    elif found:
        seen = ", ".join(sorted({shown(one) for one in found}))
        yield sound(Layer.RUNNING, host, source="listeners", seen=seen)
    else:
        yield not_concerned(Layer.RUNNING, host, "memcached does not listen")


CONTROL = Control(
    id="memcached-without-udp",
    title="memcached does not answer over UDP",
    why=(
        "One forged datagram brings an answer some ten thousand times as large to "
        "whomever the attacker names as sender."
    ),
    impact="None: Zimbra asks over TCP.",
    severity=Severity.CRITICAL,
    tips=("S7",),
    roles=("memcached",),
    check=on_hosts(Layer.RUNNING, (LISTENERS,), _look, role="memcached"),
    refs=("https://nvd.nist.gov/vuln/detail/CVE-2018-1000115",),
    outside=WITHOUT_UDP,
    examples=(
        passes(listeners=(Listener("tcp", "*", 11211, "memcached"),)),
        fails(
            listeners=(
                Listener("tcp", "*", 11211, "memcached"),
                Listener("udp", "*", 11211, "memcached"),
            )
        ),
        unsure(missing=("listeners",)),
        unconcerned(listeners=()),
    ),
)
