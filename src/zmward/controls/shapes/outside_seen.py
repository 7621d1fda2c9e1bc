"""What looks at mail protocols share: whose port it is, and from where it was seen."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Literal

from zmward.deviation import Judgement, Layer, not_concerned, unknown
from zmward.outlook import Outlook
from zmward.scan.line import Exchange
from zmward.scan.login import LoginShown
from zmward.scan.mailbox import MailboxShown
from zmward.scan.named import Service
from zmward.scan.seen import PortSeen, Seen
from zmward.scan.smtp import SmtpShown
from zmward.scan.unique import unique

MailShown = SmtpShown | MailboxShown
Place = Literal[
    "internet", "own", "balancers", "trusted", "hidden", "doubtful", "unknown"
]

RUNNING = Layer.RUNNING
SOURCE = "outside"
_LONGEST = 400


def subject(shown: MailShown | LoginShown, outlook: Outlook) -> str:
    """Name the port."""
    return outlook.place(shown.address, shown.port)


def _within(
    address: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def _neighbours(one: str, other: str) -> bool:
    try:
        first = ipaddress.ip_address(one)
    except ValueError:
        return False
    size = 24 if first.version == 4 else 64  # noqa: PLR2004  # IPv4
    return _within(other, ipaddress.ip_network(f"{first}/{size}", strict=False))


def perhaps_itself(source: str) -> str:
    """Return why a look by an inner address that the host has too proves nothing."""
    return (
        f"{source} is an address of the host's own, but no public one: the host may "
        "have looked at itself, or a stranger who has the same: look from a place that "
        "has a public address"
    )


def near(source: str, address: str) -> bool:
    """Say whether two addresses are private, or of one segment."""
    inner = bool(source and address) and not (unique(source) or unique(address))
    return inner or _neighbours(source, address)


def place(shown: MailShown, seen: Seen, outlook: Outlook) -> Place:
    """Say what a server may think of the address from which it was looked at.

    Between two private addresses, or within one segment, nobody sees what the internet
    sees: Zimbra trusts the networks of its own interfaces from the start. `hidden` is
    who is no stranger by an address that the server may never have seen, `doubtful` who
    is the server itself by an address that others have too.
    """
    if outlook.doubtful(seen, shown.address):
        return "doubtful"
    found = _place(shown, seen, outlook)
    hidden = outlook.hidden(seen, shown.address)
    return "hidden" if hidden and found != "internet" else found


def _place(shown: MailShown, seen: Seen, outlook: Outlook) -> Place:
    source = seen.source.get(shown.address, "")
    if not source:
        return "unknown"
    relays = outlook.profile.networks.relays
    zone = outlook.vantage(seen, shown.address)
    if zone in ("itself", "cluster") or any(
        _within(source, ipaddress.ip_network(network)) for network in relays
    ):
        return "trusted"
    if zone == "balancers":
        return "balancers"
    beside = near(source, shown.address)
    return "own" if zone != "internet" or beside else "internet"


def said(shown: MailShown | LoginShown, *starts: str) -> str:
    """Return the decisive words: what was sent and what came back."""
    return words_of(
        e for e in shown.exchanges if not starts or e.sent.startswith(starts)
    )


def words_of(exchanges: Iterable[Exchange]) -> str:
    """Return exchanges as one text: `sent → received`."""
    parts = (
        f"{' '.join(e.sent.split())} → {' '.join(e.received.split())}".strip()
        for e in exchanges
    )
    return "; ".join(parts)[:_LONGEST]


def silent(
    seen: Seen, outlook: Outlook, found: Iterable[object], *services: Service
) -> Iterator[Judgement]:
    """Say why there is nothing to judge, where there is nothing."""
    if any(True for _ in found):
        return
    name = "/".join(services).upper()
    opened = seen.open(*services)
    for port in opened:
        place = outlook.place(port.address, port.port)
        yield unknown(RUNNING, place, "not asked")
    if not opened:
        yield not_concerned(RUNNING, outlook.subject, f"no port that speaks {name}")


def mute(shown: MailShown, where: str) -> Judgement:
    """Say that a port did not tell what was asked, and how it came."""
    return unknown(RUNNING, where, shown.trouble or "it did not tell")


def sight(*shown: MailShown | LoginShown, source: str = "198.51.100.7") -> Seen:
    """Return a look at an example host; for the examples of controls."""
    return Seen(
        "mail.example.test",
        "2026-11-21T12:00:00+00:00",
        "0",
        addresses=("192.0.2.10",),
        source={"192.0.2.10": source},
        asked=("tcp 25",),
        domains=("example.test",),
        ports=tuple(
            PortSeen(one.port, "tcp", one.address, "open", _service(one))
            for one in shown
        ),
        shown=shown,
    )


def _service(shown: MailShown | LoginShown) -> Service:
    if isinstance(shown, SmtpShown):
        return "lmtp" if shown.lmtp else "smtp"
    return shown.protocol if isinstance(shown, MailboxShown) else ""
