"""What a sweep over ports found out, and what it could not.

A port that was asked ends as open, closed or filtered, or with the reason for which
nobody knows: trouble on this side is never taken for an answer.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from zmward.scan.patience import Patience
from zmward.scan.seen import PortSeen, PortState
from zmward.scan.spans import spans

Proto = Literal["tcp", "udp"]
TIME_OVER: Final = "the time was over"
NOBODY: Final = "no machine there took the packets"
REFUSED_HERE: Final = "the packet filter of this machine refused to send"


class Knock(NamedTuple):
    """One question, whether a port is open."""

    address: str
    port: int
    proto: Proto


class Turn(NamedTuple):
    """One round of questions: which it is, and whom to tell how many were asked.

    Who is told may hold the round up.
    `patience` stands for the measured one where it is given.
    """

    number: int
    tell: Callable[[int], None]
    patience: float | None = None


class Untold(msgspec.Struct, frozen=True):
    """Ports of which nobody knows, and why."""

    address: str
    proto: Proto
    ports: tuple[int, ...]
    why: str

    @property
    def text(self) -> str:
        """Return one line for people."""
        return f"{self.address} {self.proto} {spans(self.ports)}: {self.why}"


class Swept(msgspec.Struct, frozen=True):
    """Every port that was asked, either seen or untold."""

    ports: tuple[PortSeen, ...]
    untold: tuple[Untold, ...] = ()


class Ledger:
    """What is known while the sweep runs."""

    def __init__(self) -> None:
        self.states: dict[Knock, PortState] = {}
        self.untold: dict[Knock, str] = {}
        self.patience: defaultdict[str, Patience] = defaultdict(Patience)
        self.alive: set[str] = set()
        self.vague: dict[str, str] = {}
        self.heard = 0

    def answered(self, knock: Knock, state: PortState, trip: float | None) -> None:
        """Write an answer down; the first one counts."""
        self.alive.add(knock.address)
        if knock not in self.states:
            self.states[knock] = state
            self.untold.pop(knock, None)
            self.heard += state != "filtered"
            if trip is not None:
                self.patience[knock.address].heard(trip)

    def failed(self, knock: Knock, why: str) -> None:
        """Write down that a question did not get out, unless it was answered."""
        if knock not in self.states:
            self.untold[knock] = why

    def left(self, knocks: Iterable[Knock]) -> list[Knock]:
        """Return the questions without an answer."""
        return [
            knock
            for knock in knocks
            if knock not in self.states and knock not in self.untold
        ]

    def silent(self, knocks: Iterable[Knock]) -> None:
        """Take silence for a filter, except where the way there itself is in doubt."""
        for knock in knocks:
            if knock.address not in self.alive and knock.address in self.vague:
                self.untold[knock] = self.vague[knock.address]
            else:
                self.states[knock] = "filtered"

    def deaf(self) -> set[str]:
        """Return the addresses of which nothing came but that nobody is there."""
        gone = {knock.address for knock, why in self.untold.items() if why == NOBODY}
        return gone - self.alive

    def doubt(self, addresses: Iterable[str]) -> None:
        """Take silence back where another protocol shows that nobody is there."""
        for knock, state in [*self.states.items()]:
            if state == "filtered" and knock.address in set(addresses) - self.alive:
                del self.states[knock]
                self.untold[knock] = NOBODY

    def over(self, knocks: Iterable[Knock]) -> None:
        """Write down that the time did not suffice."""
        self.untold.update(dict.fromkeys(knocks, TIME_OVER))


def swept(ledgers: Sequence[Ledger]) -> Swept:
    """Return what is known at the end, in order."""
    states = {knock: state for one in ledgers for knock, state in one.states.items()}
    reasons = defaultdict[tuple[str, Proto, str], list[int]](list)
    for one in ledgers:
        for knock, why in one.untold.items():
            reasons[knock.address, knock.proto, why].append(knock.port)
    return Swept(
        tuple(
            PortSeen(knock.port, knock.proto, knock.address, state)
            for knock, state in sorted(states.items())
        ),
        tuple(
            Untold(address, proto, tuple(sorted(ports)), why)
            for (address, proto, why), ports in sorted(reasons.items())
        ),
    )
