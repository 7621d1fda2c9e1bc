"""What a port showed of TLS, as values."""

from datetime import datetime
from typing import Literal

import msgspec

from zmward.scan.line import Exchange

State = Literal["accepted", "refused", "unknown"]
Chooser = Literal["server", "client", "unknown"]
Trusted = Literal["yes", "no", "unknown"]


class Spoken(msgspec.Struct, frozen=True):
    """One protocol: whether it is accepted, and its ciphers in the order of choice.

    `words` decided. `whole`: no kind of cipher is accepted but those of which some are
    named, here or under another protocol. `every`: all ciphers are named.
    """

    name: str
    state: State
    words: str = ""
    ciphers: tuple[str, ...] = ()
    whole: bool = False
    every: bool = False
    chooser: Chooser = "unknown"


class Chain(msgspec.Struct, frozen=True):
    """The certificates that were sent, in order, as PEM; and who stands behind them.

    `trusted` asks the authorities of the looker's own system.
    """

    pem: tuple[str, ...]
    stapled: bool = False
    trusted: Trusted = "unknown"
    distrust: str = ""


class TlsShown(msgspec.Struct, frozen=True, tag="tls"):
    """One port that speaks TLS, from the start or after STARTTLS.

    `starttls` is the protocol in which TLS was asked for; `unwilling` are the words
    by which that was turned down. None is what could not be found out. `groups` are
    those that were chosen; `dh_bits` is 0 where only that of curves is offered.
    `second` is where sslyze differs, or that it agrees; empty where it was not asked.
    """

    address: str
    port: int
    exchanges: tuple[Exchange, ...] = ()
    trouble: str = ""
    starttls: str = ""
    unwilling: str = ""
    protocols: tuple[Spoken, ...] = ()
    groups: tuple[str, ...] = ()
    dh_bits: int | None = None
    compression: bool | None = None
    safe_renegotiation: bool | None = None
    chains: tuple[Chain, ...] = ()
    second: tuple[str, ...] = ()

    def spoken(self, name: str) -> Spoken:
        """Return a protocol by its name; one that was not asked is unknown."""
        found = (one for one in self.protocols if one.name == name)
        return next(found, Spoken(name, "unknown", "not asked"))

    def speaks(self, *names: str) -> bool:
        """Say whether any of some protocols was accepted, or any at all."""
        return any(
            one.state == "accepted" and (not names or one.name in names)
            for one in self.protocols
        )


class Trust(msgspec.Struct, frozen=True):
    """The authorities that the looker believes, as PEM, and the time."""

    roots: str
    now: datetime
