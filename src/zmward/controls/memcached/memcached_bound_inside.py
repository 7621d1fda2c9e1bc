"""memcached listens on chosen addresses, not on all of them."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_directory, on_hosts
from zmward.controls.shapes.exposure import shown
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.directory import SERVERS, Entry
from zmward.sources.listeners import LISTENERS, Listener
from zmward.sources.routecache import ROUTE_CACHE

_BIND = "zimbraMemcachedBindAddress"
_PORT = 11211
_LOOPBACK = "127.0.0.1"
_ALL = {"0.0.0.0", "::", "*"}  # noqa: S104  # compared only
_CHOOSE = (
    "Bind the address at which nginx and mailboxd ask it ({asked}): bound elsewhere, "
    "the route cache stops working. Then close 11211 with `zmward firewall`."
)


def _alone(facts: Facts, server: Entry) -> tuple[bool, str]:
    """Say whether loopback would do for a server, and whom nginx asks."""
    try:
        asked = facts.read(ROUTE_CACHE, server.name)
    except Unseen:
        return False, "see nginx.conf.memcache"
    names = ", ".join(dict.fromkeys(one.name for one in asked)) or "nobody"
    single = len(facts.servers()) == 1
    return single and bool(asked) and all(one.loopback for one in asked), names


def _declared(facts: Facts) -> Iterator[Judgement]:
    servers = facts.servers("memcached")
    if not servers:
        yield not_concerned(Layer.DECLARED, "directory", "no server runs memcached")
    for server in servers:
        own = server.own(_BIND)
        text = f"{_BIND}: {', '.join(own) or '(not set: every address)'}"
        if own and not _ALL & set(own):
            yield sound(Layer.DECLARED, server.label, source="directory", seen=text)
            continue
        alone, asked = _alone(facts, server)
        cure = SetAttr(server.label, _BIND, own or None, (_LOOPBACK,))
        yield deviates(
            Layer.DECLARED,
            server.label,
            text,
            "chosen addresses",
            cure=cure if alone else None,
            no_cure="" if alone else _CHOOSE.format(asked=asked),
            source="directory",
        )


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    found = [
        one
        for one in facts.read(LISTENERS, host)
        if one.program == "memcached" or one.port == _PORT
    ]
    wide = sorted({shown(one) for one in found if one.everywhere})
    if wide:
        yield deviates(
            Layer.RUNNING,
            host,
            ", ".join(wide),
            "chosen addresses",
            no_cure=f"It follows from {_BIND}: set it, then `zmmemcachedctl restart`.",
            source="listeners",
        )
    elif found:
        seen = ", ".join(sorted({shown(one) for one in found}))
        yield sound(Layer.RUNNING, host, source="listeners", seen=seen)
    else:
        yield not_concerned(Layer.RUNNING, host, "memcached does not listen")


_INSIDE = (Listener("tcp", "127.0.0.1", 11211, "memcached"),)
_WIDE = (Listener("tcp", "*", 11211, "memcached"),)

CONTROL = Control(
    id="memcached-bound-inside",
    title="memcached listens on chosen addresses, not on all of them",
    why=(
        "It knows no login: whoever reaches it reads users' routes and can send their "
        "logins to a server of his own."
    ),
    impact="Proxies that ask at another address lose the route cache.",
    severity=Severity.HIGH,
    tips=("S7", "S3"),
    roles=("memcached",),
    locks_out="proxies and mailbox servers that ask it at another address",
    check=layers(
        on_directory(
            Layer.DECLARED,
            (SERVERS, ROUTE_CACHE),
            _declared,
            cures=True,
            attributes=(_BIND,),
        ),
        on_hosts(Layer.RUNNING, (LISTENERS,), _running, role="memcached"),
    ),
    refs=("https://wiki.zimbra.com/wiki/Blocking_Memcached_Attack",),
    note=(
        "127.0.0.1 is right only on a single server whose nginx asks at 127.0.0.1. "
        "nginx asks at the server's own name; where that name is another address, "
        "bind that one. zimbraMemcachedClientServerList is mailboxd's view only."
    ),
    examples=(
        passes(server={_BIND: "127.0.0.1"}, listeners=_INSIDE),
        fails(
            server={},
            listeners=_WIDE,
            raw={"nginx-memcache": "servers 127.0.0.1:11211;\n"},
        ),
        fails(
            server={},
            listeners=_WIDE,
            raw={"nginx-memcache": "servers mail.example.com:11211;\n"},
        ),
        fails(server={_BIND: "127.0.0.1"}, listeners=_WIDE),
        fails(server={_BIND: "127.0.0.1"}, listeners=(Listener("tcp", "*", _PORT),)),
        unsure(server={_BIND: "127.0.0.1"}, missing=("listeners",)),
        unconcerned(services=("mta",), listeners=()),
    ),
)
