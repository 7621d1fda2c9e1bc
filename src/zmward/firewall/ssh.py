"""Where SSH listens, who may reach it, and whether that shuts anybody out."""

import ipaddress
from collections.abc import Iterable, Iterator

from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.openings import EVERYBODY, Opening, Problem
from zmward.firewall.zones import Zones
from zmward.sources.established import ESTABLISHED
from zmward.sources.listeners import LISTENERS
from zmward.sources.sshd import SSHD

_USUAL = 22


def ssh_ports(facts: Facts, host: str) -> tuple[tuple[int, ...], str, Problem | None]:
    """Return SSH's ports, who says so, and a problem where nobody does.

    A socket that systemd opened for sshd may have another port than sshd's settings.
    """
    found: set[int] = set()
    said: list[str] = []
    try:
        cases = facts.read(SSHD, host)
        found |= {int(p) for case in cases for p in case.settings["port"]}
        said.append("sshd -T")
    except Unseen as signal:
        reason = signal.missing.reason
    try:
        own = {o.port for o in facts.read(LISTENERS, host) if o.program == "sshd"}
        found |= own
        said += ["listeners"] if own else []
    except Unseen:
        pass
    if found:
        return tuple(sorted(found)), " and ".join(said), None
    text = f"On which port {host} takes SSH is not known ({reason}); 22 is assumed."
    return (_USUAL,), "catalog:ssh", Problem("not-known", "ssh", text)


def ssh_openings(
    facts: Facts, zones: Zones, ports: tuple[int, ...], origin: str
) -> Iterator[Opening | Problem]:
    """Yield SSH for administrators, or for everybody where nobody says who they are."""
    settings = facts.profile.firewall
    chosen = settings.services.get("ssh")
    admins = zones["admin"]
    spans = tuple((port, port) for port in ports)
    if chosen is not None and "admin" not in chosen and "internet" not in chosen:
        text = "firewall.services.ssh leaves out admin and internet: nobody gets in."
        yield Problem("lock-out", "ssh", text)
    for zone in chosen if chosen is not None else ("admin",):
        if zone == "internet":
            continue
        if zones[zone]:
            why = f"administration from the zone {zone}"
            yield Opening("ssh", "tcp", spans, zone, zones[zone], why, origin)
    open_to_all = "internet" in chosen if chosen is not None else not admins
    if open_to_all:
        why = "administration; the profile names no network of administrators"
        if chosen is not None:
            why = "administration from anywhere, as the profile says"
        yield Opening(
            "ssh",
            "tcp",
            spans,
            "internet",
            EVERYBODY,
            why,
            origin,
            rate=settings.ssh_rate,
        )
        text = "SSH is open to everybody: name administrators in networks.admins."
        yield Problem("no-admin-network", "ssh", text, refuses=False)


def _connected(facts: Facts, host: str, ports: tuple[int, ...]) -> set[str] | None:
    """Return who is on the host by SSH; None where that was not seen."""
    try:
        found = facts.read(ESTABLISHED, host)
    except Unseen:
        return None
    return {one.peer for one in found if one.local_port in ports}


def locked_out(
    facts: Facts,
    host: str,
    ports: tuple[int, ...],
    openings: Iterable[Opening],
    named: Iterable[str],
) -> Iterator[Problem]:
    """Yield everybody who is on the host by SSH now and could not come again."""
    own = [
        one
        for one in openings
        if one.protocol == "tcp"
        and any(a <= port <= b for port in ports for a, b in one.ports)
    ]
    if not any(one.zone != "cluster" for one in own):
        text = f"Nothing lets anybody in to {host} by SSH but its cluster."
        yield Problem("lock-out", "ssh", text)
    connected = _connected(facts, host, ports)
    told = set(named)
    if connected is None and not told:
        text = f"Who works on {host} by SSH is not known, nor who would be shut out."
        yield Problem("not-known", host, text)
    for address in sorted(told | (connected or set())):
        found = ipaddress.ip_address(address)
        if found.is_loopback:
            continue
        family = "ipv4" if found.version == 4 else "ipv6"  # noqa: PLR2004
        allowed = any(
            int(found) in one.sources.of(family)  # type: ignore[arg-type]  # one of two
            for one in own
        )
        if not allowed:
            text = f"{address} works on {host} by SSH and would be shut out."
            yield Problem("lock-out", address, text)
