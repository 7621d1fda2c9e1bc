"""memcached listens where nginx asks it."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.exposure import shown
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.listeners import LISTENERS, Listener
from zmward.sources.routecache import ROUTE_CACHE, CacheServer

_NO_CURE = (
    "Bind zimbraMemcachedBindAddress to the address that the asked name has, or to "
    "127.0.0.1 where the name means the host itself; then restart memcached and proxy."
)


def _answers(asked: CacheServer, sockets: list[Listener]) -> bool:
    """Say whether a socket takes what goes to the host's loopback or own address."""
    return any(one.everywhere or one.loopback == asked.loopback for one in sockets)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    listeners = facts.read(LISTENERS, host)
    own = {host, *facts.read(ADDRESSES, host)}
    asked = facts.read(ROUTE_CACHE, host)
    if not asked:
        yield not_concerned(Layer.RENDERED, host, "nginx asks no memcached")
    for server in asked:
        name = f"{server.name}:{server.port}"
        if not server.loopback and server.name not in own:
            reason = f"{name} is another server, or a name that cannot be resolved here"
            yield unknown(Layer.RENDERED, host, reason)
            continue
        sockets = [
            one
            for one in listeners
            if one.port == server.port and one.protocol == "tcp"
        ]
        seen = ", ".join(sorted({shown(one) for one in sockets})) or "nothing listens"
        if _answers(server, sockets):
            text = f"nginx asks {name}: {seen}"
            yield sound(Layer.RUNNING, host, source="listeners", seen=text)
        else:
            yield deviates(
                Layer.RUNNING,
                host,
                f"nginx asks {name}; {seen}",
                f"memcached answers at {name}",
                no_cure=_NO_CURE,
                source="nginx-memcache",
            )


_OWN = ("127.0.0.1", "192.0.2.10")

CONTROL = Control(
    id="memcached-where-nginx-asks",
    title="memcached listens where nginx asks it",
    why=(
        "Where they disagree there is no route cache: every login and request costs a "
        "lookup, and the usual quick repair is to open memcached to everyone again."
    ),
    impact="None.",
    severity=Severity.LOW,
    tips=("S7",),
    roles=("proxy",),
    check=on_hosts(
        Layer.RUNNING, (LISTENERS, ADDRESSES, ROUTE_CACHE), _look, role="proxy"
    ),
    refs=("https://wiki.zimbra.com/wiki/Blocking_Memcached_Attack",),
    note="The host's own name is taken for its network address, as /etc/hosts says it.",
    examples=(
        passes(
            addresses=_OWN,
            listeners=(Listener("tcp", "192.0.2.10", 11211),),
            raw={"nginx-memcache": "memcache {\n servers mail.example.com:11211;\n}\n"},
        ),
        fails(
            addresses=_OWN,
            listeners=(Listener("tcp", "127.0.0.1", 11211),),
            raw={"nginx-memcache": "memcache {\n servers mail.example.com:11211;\n}\n"},
        ),
        unsure(
            addresses=_OWN,
            listeners=(),
            raw={"nginx-memcache": "servers cache.example.com:11211;\n"},
        ),
        unsure(missing=("listeners",)),
        unconcerned(addresses=_OWN, listeners=(), raw={"nginx-memcache": "# none\n"}),
    ),
)
