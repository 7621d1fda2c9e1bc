"""A policy as JSON: the schema `zmward.policy/1` of docs/reference/json.md."""

from typing import Final

import msgspec

from zmward.firewall.grid import Grid, Shut, span
from zmward.firewall.openings import Kind, Opening, Outbound, Policy, Problem, Zone
from zmward.i18n import Speaker
from zmward.reports.firewall_words import STEPS, both

SCHEMA: Final = "zmward.policy/1"


class OpeningShown(msgspec.Struct, frozen=True):
    """One thing that is let in, with its addresses as networks."""

    name: str
    protocol: str
    ports: tuple[str, ...]
    zone: Zone
    sources: tuple[str, ...]
    why: str
    origin: str
    rate: str
    source_port: int | None


class ProblemShown(msgspec.Struct, frozen=True):
    """What is wrong with the policy, and what to do about it."""

    kind: Kind
    subject: str
    text: str
    refuses: bool
    step: str


class PolicyShown(msgspec.Struct, frozen=True):
    """The policy of one node as a document."""

    schema: str
    host: str
    when: str
    refuses: bool
    openings: tuple[OpeningShown, ...]
    closed: tuple[Shut, ...]
    outbound: tuple[Outbound, ...]
    problems: tuple[ProblemShown, ...]
    picture: Grid


def _opening(one: Opening) -> OpeningShown:
    return OpeningShown(
        one.name,
        one.protocol,
        tuple(span(first, last) for first, last in one.ports),
        one.zone,
        both(one.sources),
        one.why,
        one.origin,
        one.rate,
        one.source_port or None,
    )


def _problem(one: Problem, say: Speaker) -> ProblemShown:
    step = say(STEPS[one.kind])
    return ProblemShown(one.kind, one.subject, one.text, one.refuses, step)


def document(
    policy: Policy, grid: Grid, closed: tuple[Shut, ...], when: str
) -> PolicyShown:
    """Return the document; problems that refuse come first."""
    say = Speaker()
    ordered = sorted(policy.problems, key=lambda one: not one.refuses)
    return PolicyShown(
        SCHEMA,
        policy.host,
        when,
        bool(policy.refused),
        tuple(map(_opening, policy.openings)),
        closed,
        policy.outbound,
        tuple(_problem(one, say) for one in ordered),
        grid,
    )


def render(found: PolicyShown) -> str:
    """Return the document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found)).decode() + "\n"
