"""Everything that one look from outside saw of one host."""

import ipaddress
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec

from zmward.errors import BadFile
from zmward.scan.dns import DnsShown
from zmward.scan.http import HttpShown
from zmward.scan.ldap import LdapShown
from zmward.scan.login import LoginShown
from zmward.scan.mailbox import MailboxShown
from zmward.scan.memcached import MemcachedShown
from zmward.scan.named import Service
from zmward.scan.smtp import SmtpShown
from zmward.scan.ssh import SshShown
from zmward.scan.tls import TlsShown

SCHEMA: Final = "zmward.seen/1"
PortState = Literal["open", "closed", "filtered"]
_SPANS: Final = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?(, ?[0-9]{1,5}(-[0-9]{1,5})?)*")
Shown = (
    SmtpShown
    | MailboxShown
    | LoginShown
    | TlsShown
    | HttpShown
    | LdapShown
    | MemcachedShown
    | SshShown
    | DnsShown
)


class PortSeen(msgspec.Struct, frozen=True):
    """One port of one address.

    Of UDP, `filtered` means that nothing came back: nobody can tell it from open.
    """

    port: int
    proto: Literal["tcp", "udp"]
    address: str
    state: PortState
    service: Service = ""
    product: str = ""
    version: str = ""
    tls: bool = False
    banner: str = ""


class Rest(msgspec.Struct, frozen=True):
    """The ports of an address that have no row of their own, as `1-21, 26-109`."""

    address: str
    proto: Literal["tcp", "udp"]
    state: PortState
    ports: str


class Seen(msgspec.Struct, frozen=True):
    """One host as one place of the network sees it, at one time (ISO 8601, UTC).

    `ports` has a row for each open port and for each that the catalog knows, of
    whatever state; `rest` counts up the others.

    `source` is the address from which was looked, by address that was looked at.
    `asked` are the ports that were tried, as ranges: `tcp 1-65535`.
    `silent` names what could not be found out, and why. `doubts` says by address why
    silence there proves nothing.
    """

    host: str
    when: str
    zmward: str
    addresses: tuple[str, ...] = ()
    source: dict[str, str] = {}
    asked: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    ports: tuple[PortSeen, ...] = ()
    rest: tuple[Rest, ...] = ()
    shown: tuple[Shown, ...] = ()
    silent: tuple[str, ...] = ()
    doubts: dict[str, str] = {}

    def doubted(self) -> dict[str, str]:
        """Return the addresses whose silence proves nothing, each with the reason.

        Who answers nothing at all may be switched off, or shut this looker out alone.
        """
        found = dict(self.doubts)
        talked = {
            getattr(s, "address", "")
            for s in self.shown
            if s.exchanges or not s.trouble
        }
        for address in self.addresses:
            states = {one.state for one in self.ports if one.address == address}
            states |= {one.state for one in self.rest if one.address == address}
            if address in talked:
                continue
            if not states:
                found.setdefault(address, "nobody was reached there")
            elif not states & {"open", "closed"}:
                found.setdefault(address, "nothing came back from there at all")
        return found

    def untold(self) -> tuple[str, ...]:
        """Return in words what this look could not find out."""
        more = (
            f"{address}: {why}"
            for address, why in self.doubted().items()
            if not any(text.startswith(f"{address} ") for text in self.silent)
        )
        return (*self.silent, *more)

    def open(self, *services: Service, proto: str = "tcp") -> tuple[PortSeen, ...]:
        """Return the open ports, or those that speak one of some services."""
        return tuple(
            port
            for port in self.ports
            if port.state == "open"
            and port.proto == proto
            and (not services or port.service in services)
        )


def encode(seen: Seen) -> str:
    """Return what was seen as one line of JSON."""
    return msgspec.json.encode(seen).decode()


def decode(text: str) -> Seen:
    """Read that line; raise BadFile where it is none."""
    try:
        seen = msgspec.json.decode(text, type=Seen)
        _sane(seen)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"this is no look from outside: {error}.") from error
    return seen


def sane(looks: Iterable[Seen]) -> None:
    """Raise ValueError where a file says what no scan writes: files can be forged."""
    for seen in looks:
        _sane(seen)


def _sane(seen: Seen) -> None:
    datetime.fromisoformat(seen.when)
    for address in (*seen.addresses, *(port.address for port in seen.ports)):
        ipaddress.ip_address(address)
    for rest in seen.rest:
        if not _SPANS.fullmatch(rest.ports):
            raise ValueError(f"{rest.ports[:80]!r} are no ports")
