"""Which conversations each recognised port is worth, with the doors that they need."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from zmward.doors import ssh_methods, sslyze
from zmward.doors.network import Network
from zmward.errors import Unreachable
from zmward.scan import http, ldap, mailbox, memcached, smtp, ssh, tls
from zmward.scan.gaps import mute
from zmward.scan.line import Ask
from zmward.scan.named import Service
from zmward.scan.seen import PortSeen, Shown
from zmward.scan.tls_asked import server_name
from zmward.scan.tls_shown import TlsShown, Trust

Talk = Callable[[], Shown]


def _ssh(network: Network, port: int, ask: Ask, *, tls: bool) -> Shown:
    return ssh_methods.asked(ssh.look(network, port, ask, tls=tls))


_TALKS_OF: Final[Mapping[Service, Callable[..., Shown]]] = {
    "smtp": smtp.look,
    "lmtp": smtp.look,
    "imap": mailbox.look,
    "pop3": mailbox.look,
    "http": http.look,
    "ldap": ldap.look,
    "memcached": memcached.look,
    "ssh": _ssh,
}
# Services that may change to TLS within a connection.
_STARTTLS: Final = frozenset[Service](("smtp", "lmtp", "imap", "pop3", "ldap", "xmpp"))


class Depth(msgspec.Struct, frozen=True):
    """How closely TLS is looked at: `every` cipher, and by sslyze too."""

    trust: Trust
    every: bool = False


def _tls(network: Network, port: PortSeen, ask: Ask, depth: Depth) -> TlsShown:
    """Ask a port for its TLS; with `every`, sslyze is asked for its opinion too."""
    before = "" if port.tls else port.service
    shown = tls.look(
        *(network, port.port, ask),
        tls=port.tls,
        starttls=before,
        trust=depth.trust,
        every=depth.every,
    )
    if not depth.every or shown.unwilling:
        return shown
    try:
        opinion = sslyze.ask(network.address, port.port, server_name(ask.host), before)
    except Unreachable as error:
        return replace(shown, second=(f"not asked: {error}",))
    return replace(shown, second=sslyze.differences(shown, opinion) or ("agrees",))


def fault(error: Exception) -> str:
    """Say that zmward itself failed: no words of the error, which may hold a secret."""
    return f"zmward itself failed here ({type(error).__name__}): please report it"


def _held(talk: Talk, silence: Shown) -> Shown:
    """Hold a conversation; one that breaks zmward costs what it would have brought."""
    try:
        return talk()
    except Exception as error:  # noqa: BLE001  # no server may end the whole scan
        return replace(silence, trouble=fault(error))


def talks(network: Network, port: PortSeen, ask: Ask, depth: Depth) -> Iterator[Talk]:
    """Yield every conversation that a recognised port is worth; none of them raises."""
    silences = mute(port, port.service, tls=port.tls, why="")
    for talk, silence in zip(_talks(network, port, ask, depth), silences, strict=True):
        yield partial(_held, talk, silence)


def _talks(network: Network, port: PortSeen, ask: Ask, depth: Depth) -> Iterator[Talk]:
    look = _TALKS_OF.get(port.service)
    if look is not None:
        yield partial(look, network, port.port, ask, tls=port.tls)
    if port.tls or port.service in _STARTTLS:
        yield partial(_tls, network, port, ask, depth)
