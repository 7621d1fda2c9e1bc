"""What one look at one subject says: sound, deviating, unknown or not concerned."""

from enum import StrEnum

import msgspec

from zmward.change import Change


class Layer(StrEnum):
    """Where a setting can be true or false."""

    DECLARED = "declared"
    RENDERED = "rendered"
    RUNNING = "running"
    LASTING = "lasting"


class State(StrEnum):
    """How a layer stands."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"
    NA = "n/a"


class Excerpt(msgspec.Struct, frozen=True):
    """A piece of an answer, for people to look at."""

    source: str
    excerpt: str


class Deviation(msgspec.Struct, frozen=True):
    """What is wrong with one subject, and its repair or the reason for none."""

    subject: str
    found: str
    wanted: str
    layer: Layer
    cure: Change | None = None
    no_cure: str = ""


class Judgement(msgspec.Struct, frozen=True):
    """One look at one subject in one layer."""

    layer: Layer
    state: State
    subject: str
    reason: str = ""
    deviation: Deviation | None = None
    evidence: tuple[Excerpt, ...] = ()


def sound(layer: Layer, subject: str, *, source: str = "", seen: str = "") -> Judgement:
    """Say that a subject is as it should be; `seen` is what shows it."""
    return Judgement(layer, State.OK, subject, evidence=_excerpts(source, seen))


def deviates(  # the columns of a deviation
    layer: Layer,
    subject: str,
    found: str,
    wanted: str,
    *,
    cure: Change | None = None,
    no_cure: str = "",
    source: str = "",
    seen: str = "",
) -> Judgement:
    """Say what is wrong; without a cure, `no_cure` must tell why there is none."""
    if cure is None and not no_cure:
        raise ValueError(f"{subject}: a deviation needs a cure or a reason for none")
    deviation = Deviation(subject, found, wanted, layer, cure, no_cure)
    return Judgement(
        layer,
        State.BAD,
        subject,
        deviation=deviation,
        evidence=_excerpts(source, seen or found),
    )


def unknown(layer: Layer, subject: str, reason: str) -> Judgement:
    """Say that it could not be found out, and why."""
    return Judgement(layer, State.UNKNOWN, subject, reason)


def not_concerned(layer: Layer, subject: str, reason: str) -> Judgement:
    """Say that the question does not arise for a subject, and why."""
    return Judgement(layer, State.NA, subject, reason)


def _excerpts(source: str, seen: str) -> tuple[Excerpt, ...]:
    return (Excerpt(source, seen),) if source and seen else ()
