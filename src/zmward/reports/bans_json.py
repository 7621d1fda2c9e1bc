"""What fail2ban is to do, and would have done, as JSON: zmward.bans/1."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from zmward.bans.jails import Placed
from zmward.bans.simulate import rules
from zmward.bans.victims import Doubt, Victim
from zmward.bans.wanted import Bans, Reason
from zmward.profile import Bans as Wishes

SCHEMA: Final = "zmward.bans/1"


class JailShown(msgspec.Struct, frozen=True):
    """One jail: what it reads, and what it takes to be banned for how long."""

    name: str
    about: str
    log: str
    ports: tuple[int, ...]
    failures: int
    window_seconds: int
    ban_seconds: int


class SparedShown(msgspec.Struct, frozen=True):
    """An address, network or name that is never banned, and why."""

    word: str
    why: str


class VictimShown(msgspec.Struct, frozen=True):
    """An address that would have been banned."""

    address: str
    jails: tuple[str, ...]
    bans: int
    first: str
    until: str
    failures: int
    guessed: int
    successes: int
    accounts: int
    doubts: tuple[Doubt, ...]
    spared: str


class Simulated(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """What the jails would have done on the logs that were read."""

    since: str
    until: str
    lines: int
    unparsed: int
    victims: tuple[VictimShown, ...]
    files: tuple[str, ...]
    notes: tuple[str, ...]


class BansShown(msgspec.Struct, frozen=True):
    """The whole document."""

    schema: str
    host: str
    when: str
    jails: tuple[JailShown, ...]
    spared: tuple[SparedShown, ...]
    refused: tuple[Reason, ...]
    left: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    files: Mapping[str, str]
    simulated: Simulated | None


def stamp(when: float) -> str:
    """Return seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")


def victim(one: Victim) -> VictimShown:
    """Return an address as it is shown."""
    return VictimShown(
        *(one.address, one.jails, one.bans, stamp(one.first), stamp(one.until)),
        *(one.failures, one.guessed, one.successes, one.accounts),
        *(one.doubts, one.spared),
    )


def _jail(placed: Placed, site: Wishes) -> JailShown:
    first, again = rules(site)
    rule = again if placed.jail.recidive else first
    return JailShown(
        *(placed.jail.name, placed.jail.about, placed.jail.log, placed.ports),
        *(rule.failures, int(rule.window), int(rule.ban)),
    )


def document(
    found: Bans,
    site: Wishes,
    files: Mapping[str, str],
    when: str,
    simulated: Simulated | None,
) -> BansShown:
    """Return the document; `simulated` is None where no log was read."""
    return BansShown(
        schema=SCHEMA,
        host=found.host,
        when=when,
        jails=tuple(_jail(one, site) for one in found.jails),
        spared=tuple(SparedShown(one.word, one.why) for one in found.spared),
        refused=found.refused,
        left=found.left,
        notes=found.notes,
        files=files,
        simulated=simulated,
    )


def render(found: BansShown) -> str:
    """Return the document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"
