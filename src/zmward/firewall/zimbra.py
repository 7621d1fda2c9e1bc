"""What Zimbra's own services of a node need: each in the zone of its exposure."""

from collections.abc import Iterable, Iterator
from typing import Final

from zmward.catalog.ports import Exposure
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.firewall.openings import Opening, Problem, Sources, Zone
from zmward.firewall.services import Service
from zmward.firewall.settings import entry, values
from zmward.firewall.topology import Accept
from zmward.firewall.zones import Zones, sources

# Zones that a service of some exposure may be given; more must be asked for by
# address, in firewall.allow.
_MAY: Final[dict[Exposure, frozenset[str]]] = {
    "admin": frozenset({"admin", "monitoring", "cluster"}),
    "cluster": frozenset({"admin", "monitoring", "cluster"}),
    "loopback": frozenset(),
}
Found = Iterator[Opening | Problem]


def spans(service: Service) -> tuple[tuple[int, int], ...]:
    """Return a service's port as openings hold it."""
    return ((service.port, service.port),)


def _rate(facts: Facts, service: Service, zone: Zone) -> str:
    limited = service.name == "smtp" and zone == "internet"
    return facts.profile.firewall.smtp_rate if limited else ""


def _opened(
    service: Service,
    zone: Zone,
    found: Sources,
    why: str,
    origin: str,
    *,
    rate: str = "",
) -> Iterator[Opening]:
    for protocol in service.row.protocols:
        yield Opening(
            service.name, protocol, spans(service), zone, found, why, origin, rate
        )


def _by_name(
    facts: Facts, service: Service, chosen: Iterable[Zone], zones: Zones
) -> Found:
    """Yield what the profile says of one service by name."""
    origin = f"profile:firewall.services.{service.name}"
    for zone in chosen:
        may = _MAY.get(service.exposure)
        if may is not None and zone not in may:
            text = (
                f"{service.name} is never opened to the zone {zone}; name the networks "
                "that need it in firewall.allow."
            )
            yield Problem("exposure", service.name, text)
        elif not zones[zone]:
            text = f"{origin} names the zone {zone}, in which there is no address."
            yield Problem("network", service.name, text)
        else:
            why = service.row.remark or f"{service.name} for the zone {zone}"
            rate = _rate(facts, service, zone)
            yield from _opened(service, zone, zones[zone], why, origin, rate=rate)


def _clients(facts: Facts, service: Service, zones: Zones) -> Found:
    """Yield a service of the site's users: for them alone where they are known."""
    key = service.row.wanted
    use = getattr(facts.profile.services, key) if key else "wanted"
    shown = f"services.{key.replace('_', '-')}"
    if service.row.optional:
        if service.listening is not False and use != "unwanted":
            text = (
                f"{service.name} ({service.port}) listens and stays closed; to open "
                f'it: firewall.services.{service.name} = ["clients"].'
            )
            yield Problem("undecided", service.name, text, refuses=False)
        return
    if use == "unwanted":
        return
    if zones["clients"]:
        found = zones["clients"] | zones["balancers"]
        why, origin = "the site's users", "profile:networks.clients"
        yield from _opened(service, "clients", found, why, origin)
    elif use == "wanted":
        why = "the site's users, who may be anywhere"
        origin = f"profile:{shown}"
        yield from _opened(service, "internet", zones["internet"], why, origin)
    elif service.listening is not False:
        text = (
            f"Whether users need {service.name} ({service.port}) is not said: set "
            f'{shown} to "wanted" or "unwanted", or name networks.clients.'
        )
        yield Problem("undecided", service.name, text)


def _clear(facts: Facts, host: str, service: Service) -> Iterator[Problem]:
    """Say where web pages themselves are served without TLS, not only a redirect."""
    setting = {"http": "zimbraReverseProxyMailMode", "mailbox-http": "zimbraMailMode"}
    if service.name not in setting:
        return
    try:
        mode = next(iter(values(facts, entry(facts, host), setting[service.name])), "")
    except Unseen:
        return
    if mode != "redirect":
        text = f"Port {service.port} serves the web client without TLS (mode {mode})."
        yield Problem("exposure", service.name, text, refuses=False)


def _internet(facts: Facts, service: Service, zones: Zones) -> Found:
    origin = f"catalog:{service.name}"
    why = service.row.remark or f"{service.name} for everybody"
    if service.name == "smtp":
        own = facts.profile.networks
        known = sources((*own.proxies, *own.relays))
        if known:
            said = "relays and balancers, without a limit"
            yield from _opened(service, "named", known, said, "profile:networks")
    rate = _rate(facts, service, "internet")
    yield from _opened(service, "internet", zones["internet"], why, origin, rate=rate)


def _own(facts: Facts, host: str, service: Service, zones: Zones) -> Found:
    chosen = facts.profile.firewall.services.get(service.name)
    if service.doubt:
        text = f"{service.name} ({service.port}): {service.doubt}."
        refuses = service.exposure in ("internet", "clients")
        yield Problem("not-known", service.name, text, refuses)
    if chosen is not None:
        yield from _by_name(facts, service, chosen, zones)
    elif service.exposure == "internet":
        yield from _internet(facts, service, zones)
        yield from _clear(facts, host, service)
    elif service.exposure == "clients":
        yield from _clients(facts, service, zones)


def zimbra_openings(
    facts: Facts, host: str, running: Iterable[Service], zones: Zones
) -> Found:
    """Yield what users, administrators and other mail servers may reach."""
    for service in running:
        if service.name != "ssh":
            yield from _own(facts, host, service, zones)


def cluster_openings(
    accepts: Iterable[Accept], ssh: tuple[int, ...]
) -> Iterator[Opening]:
    """Yield what other nodes may reach: one opening for each service."""
    by_service: dict[str, list[Accept]] = {}
    for accept in accepts:
        by_service.setdefault(accept.service.name, []).append(accept)
    for name, found in by_service.items():
        service, addresses = found[0].service, Sources()
        for accept in found:
            addresses |= accept.sources
        why = "; ".join(dict.fromkeys(f"{a.flow.source}: {a.flow.why}" for a in found))
        ports = tuple((p, p) for p in ssh) if name == "ssh" else spans(service)
        for protocol in service.row.protocols:
            yield Opening(
                name, protocol, ports, "cluster", addresses, why, f"topology:{name}"
            )
