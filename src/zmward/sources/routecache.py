"""Which memcached servers nginx asks for routes, as its configuration is rendered."""

import re

import msgspec

from zmward.sources.source import File, Source, Unreadable

_SERVERS = re.compile(r"^\s*servers?\s+([^;]*);", re.MULTILINE)
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")


class CacheServer(msgspec.Struct, frozen=True):
    """One memcached that nginx asks, by name or address."""

    name: str
    port: int

    @property
    def loopback(self) -> bool:
        """Say whether the name means the host itself over loopback."""
        return self.name == "localhost" or self.name.startswith(("127.", "::1"))


def parse(answer: str) -> tuple[CacheServer, ...]:
    """Read the `servers NAME:PORT;` lines; none is an answer too."""
    bare = re.sub(r"#.*", "", answer)
    found = []
    for block in _SERVERS.findall(bare):
        for word in block.split():
            match = _SERVER.match(word)
            if match is None:
                raise Unreadable(f"nginx.conf.memcache: not a server: {word[:60]!r}")
            found.append(CacheServer(match[1].strip("[]"), int(match[2])))
    return tuple(found)


ROUTE_CACHE = Source(
    name="nginx-memcache",
    about="The memcached servers that nginx asks for routes.",
    question=File("/opt/zimbra/conf/nginx/includes/nginx.conf.memcache"),
    parse=parse,
)
