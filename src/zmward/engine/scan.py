"""Looks at hosts as others see them: ports first, then what each of them says."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from zmward.doors.names import Resolver
from zmward.doors.network import Network, Pace
from zmward.doors.policy_page import fetched
from zmward.doors.sweep import sweep
from zmward.engine.proofs import Login, proved
from zmward.engine.talks import Depth, fault, talks
from zmward.scan import dns
from zmward.scan.dns import DnsShown
from zmward.scan.line import Ask, Broken
from zmward.scan.login_account import Tries
from zmward.scan.recognise import recognise
from zmward.scan.seen import PortSeen, Rest, Seen, Shown
from zmward.scan.spans import spans
from zmward.scan.swept import Swept

T = TypeVar("T")
Moved = Callable[[int, int, str], None]
# Conversations at a time, and begun in a second: enough for one host, no burden to it.
_THREADS: Final = 24
_TALKS: Final = 500.0
# An address with more open ports than this answers for everything.
_MOST_OPEN: Final = 200
# Ports that are tried once more after the sweep, and for how long each.
_FEW: Final = 3
_AGAIN: Final = 3.0
_SHUT_OUT: Final = (
    "after the sweep not even its open ports took a connection: it shut this looker out"
)


class Target(msgspec.Struct, frozen=True):
    """One host by the name as given, and the addresses that stand for it."""

    name: str
    addresses: tuple[str, ...]


class Wish(msgspec.Struct, frozen=True):
    """What is looked for: ports, how fast, for how long, and whose domains.

    `known` are the ports that are told of one by one, whatever their state.
    `rate` counts packets or connections a second; `seconds` bound the whole.
    """

    tcp: tuple[int, ...]
    udp: tuple[int, ...]
    known: frozenset[int]
    rate: float
    seconds: float
    depth: Depth
    raw: bool = False
    domains: tuple[str, ...] = ()
    selectors: tuple[str, ...] = ()
    blocklists: tuple[str, ...] = ()
    login: Login | None = None
    version: str = ""
    when: str = ""


class _Heard(msgspec.Struct, frozen=True):
    """What came of the conversations with one host."""

    own: Sequence[PortSeen]
    named: Mapping[PortSeen, PortSeen | None]
    shown: Sequence[Shown | None]


class _Scanner:
    """One run over all hosts: one pace, one pool, one end."""

    def __init__(self, wish: Wish, pool: ThreadPoolExecutor, moved: Moved) -> None:
        self._pool = pool
        self._depth = wish.depth
        self._moved = moved
        self._pace = Pace(_TALKS)
        self._until = time.monotonic() + wish.seconds
        self._login = wish.login
        self._tries = Tries()
        self._faults: dict[PortSeen, str] = {}

    def network(self, address: str, *, strict: bool = False) -> Network:
        """Return the door to an address."""
        return Network(address, self._pace, strict=strict)

    def proved(
        self, address: str, ports: Sequence[PortSeen], ask: Ask
    ) -> Iterable[Shown]:
        """Prove with the probe account; only the first host is to send a message."""
        login = self._login
        if login is None:
            return ()
        self._login = replace(login, send_to="")
        network = self.network(address, strict=not login.any_certificate)
        return proved(network, ports, ask, login, self._tries)

    def left(self) -> float:
        """Return the seconds that are left."""
        return max(self._until - time.monotonic(), 0.0)

    def _wait(self, works: Sequence[Future[T]], about: str) -> list[T | None]:
        """Return what each work came to; None where the time was over before."""
        try:
            done = as_completed(works, self.left())
            for number, _work in enumerate(done, 1):
                self._moved(number, len(works), about)
        except TimeoutError:
            for work in works:
                work.cancel()
        return [
            work.result() if work.done() and not work.cancelled() else None
            for work in works
        ]

    def _recognised(self, port: PortSeen, ask: Ask) -> PortSeen:
        try:
            named, banner = recognise(self.network(port.address), port.port, ask)
        except Exception as error:  # noqa: BLE001  # no server may end the whole scan
            self._faults[port] = fault(error)
            return port
        return replace(
            port,
            service=named.service,
            product=named.product,
            version=named.version,
            tls=named.tls,
            banner=banner,
        )

    def faults(self, addresses: Sequence[str]) -> Iterable[str]:
        """Yield of which ports zmward could not tell the service by its own fault."""
        for port, why in self._faults.items():
            if port.address in addresses:
                yield f"the service of {port.address} port {port.port}: {why}"

    def _answers(self, port: PortSeen) -> bool:
        try:
            with self.network(port.address).connect(port.port, seconds=_AGAIN):
                return True
        except Broken:
            return False

    def shut_out(self, ports: Sequence[PortSeen]) -> dict[str, str]:
        """Return the addresses that let nobody in again where ports were open before.

        What was silent there since may be so to this looker alone.
        """
        found = {}
        for address in {p.address for p in ports if p.state == "filtered"}:
            own = [p for p in ports if (p.address, p.proto) == (address, "tcp")]
            opened = [p for p in own if p.state == "open"][:_FEW]
            if opened and not any(map(self._answers, opened)):
                found[address] = _SHUT_OUT
        return found

    def named(self, asks: Mapping[PortSeen, Ask]) -> dict[PortSeen, PortSeen | None]:
        """Return open TCP ports with what each of them speaks."""
        works = [
            self._pool.submit(self._recognised, port, ask) for port, ask in asks.items()
        ]
        found = self._wait(works, "asking which services these are")
        return dict(zip(asks, found, strict=True))

    def domains(self, wish: Wish) -> Future[list[DnsShown]]:
        """Ask about the site's domains, while ports are talked with."""
        return self._pool.submit(
            lambda: [self._domain(domain, wish) for domain in wish.domains]
        )

    def _domain(self, domain: str, wish: Wish) -> DnsShown:
        if not self.left():
            return DnsShown(domain, trouble="the time was over")
        selectors, lists = wish.selectors, wish.blocklists
        try:
            return dns.look(
                *(Resolver(), domain),
                selectors=selectors,
                blocklists=lists,
                fetch=fetched,
            )
        except Exception as error:  # noqa: BLE001  # no server may end the whole scan
            return DnsShown(
                domain, selectors=selectors, blocklists=lists, trouble=fault(error)
            )

    def shown(self, asks: Mapping[PortSeen, Ask]) -> list[Shown | None]:
        """Hold every conversation with recognised ports, in the order of ports."""
        works = [
            self._pool.submit(talk)
            for port, ask in asks.items()
            for talk in talks(self.network(port.address), port, ask, self._depth)
        ]
        return self._wait(works, "talking with them")


def _asked(wish: Wish) -> tuple[str, ...]:
    both = (("tcp", wish.tcp), ("udp", wish.udp))
    return tuple(f"{proto} {spans(ports)}" for proto, ports in both if ports)


def _rows(
    ports: Iterable[PortSeen], wish: Wish
) -> tuple[tuple[PortSeen, ...], tuple[Rest, ...]]:
    """Part ports into rows of their own and ranges that are counted up."""
    own: list[PortSeen] = []
    others: dict[tuple[str, str, str], list[int]] = {}
    for port in ports:
        if port.state == "open" or port.port in wish.known:
            own.append(port)
        else:
            place = (port.address, port.proto, port.state)
            others.setdefault(place, []).append(port.port)
    rest = (
        Rest(address, proto, state, spans(numbers))  # type: ignore[arg-type]  # words of a PortSeen
        for (address, proto, state), numbers in sorted(others.items())
    )
    return tuple(sorted(own, key=_place)), tuple(rest)


def _place(port: PortSeen) -> tuple[str, str, int]:
    return port.address, port.proto, port.port


def _worth_asking(ports: Iterable[PortSeen], wish: Wish) -> tuple[PortSeen, ...]:
    """Return the open TCP ports to talk with, those of the catalog first."""
    found = [p for p in ports if p.state == "open" and p.proto == "tcp"]
    found.sort(key=lambda port: (port.port not in wish.known, port.port))
    return tuple(found[:_MOST_OPEN])


def scan(targets: Sequence[Target], wish: Wish, moved: Moved) -> tuple[Seen, ...]:
    """Look at every host; what could not be found out is named in `silent`."""
    with ThreadPoolExecutor(_THREADS) as pool:
        run = _Scanner(wish, pool, moved)
        swept = sweep(
            tuple(dict.fromkeys(a for t in targets for a in t.addresses)),
            wish.tcp,
            wish.udp,
            rate=wish.rate,
            seconds=run.left(),
            moved=lambda done, total: moved(done, total, "trying ports"),
            raw=wish.raw,
        )
        domains = run.domains(wish)
        found = [_host(run, target, swept, wish) for target in targets]
        return _with_domains(found, domains)


def _with_domains(
    found: Sequence[Seen], domains: Future[list[DnsShown]]
) -> tuple[Seen, ...]:
    """Lay what is known of the domains to the first host: they belong to none."""
    first = replace(found[0], shown=(*found[0].shown, *domains.result()))
    return (first, *found[1:])


def _host(run: _Scanner, target: Target, swept: Swept, wish: Wish) -> Seen:
    own = [port for port in swept.ports if port.address in target.addresses]
    ask = Ask(target.name, wish.domains)
    doubts = run.shut_out(own)
    named = run.named(dict.fromkeys(_worth_asking(own, wish), ask))
    spoken = {port: ask for port in named.values() if port is not None}
    heard = _Heard(own, named, run.shown(spoken))
    proved = _proved(run, target, tuple(spoken), ask)
    rows, rest = _rows([named.get(port) or port for port in own], wish)
    return Seen(
        host=target.name,
        when=wish.when,
        zmward=wish.version,
        addresses=target.addresses,
        source={a: run.network(a).source() for a in target.addresses},
        asked=_asked(wish),
        domains=wish.domains,
        ports=rows,
        rest=rest,
        shown=(*(one for one in heard.shown if one is not None), *proved),
        silent=(
            *_untried(target, swept),
            *_unheard(heard),
            *run.faults(target.addresses),
        ),
        doubts=doubts,
    )


def _proved(
    run: _Scanner, target: Target, ports: Sequence[PortSeen], ask: Ask
) -> Iterable[Shown]:
    """Prove with the probe account, at the first address that is of any use."""
    address = next((port.address for port in ports), target.addresses[0])
    own = [port for port in ports if port.address == address]
    return run.proved(address, own, ask)


def _untried(target: Target, swept: Swept) -> Iterable[str]:
    yield from (one.text for one in swept.untold if one.address in target.addresses)


def _unheard(heard: _Heard) -> Iterable[str]:
    opened = sum(p.state == "open" and p.proto == "tcp" for p in heard.own)
    if opened > len(heard.named):
        yield (
            f"{opened - len(heard.named)} open ports were not talked with: a host with "
            f"more than {_MOST_OPEN} answers for everything"
        )
    late = [port.port for port, seen in heard.named.items() if seen is None]
    if late:
        yield f"not asked in time which services these are: {spans(late)}"
    if unheld := sum(one is None for one in heard.shown):
        yield f"{unheld} conversations were not held in time"
