"""Waivers: which failure somebody accepts, how far, and how long."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import msgspec

from zmward.control import Control, Severity
from zmward.deviation import Deviation
from zmward.errors import BadFile
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.i18n import mark
from zmward.profile import Profile, Waiver

# The longest that a failure may be waived, in days, by severity.
LONGEST: Mapping[Severity, int] = {
    Severity.CRITICAL: 30,
    Severity.HIGH: 90,
    Severity.MEDIUM: 180,
    Severity.LOW: 365,
}
_UNKNOWN = mark("The profile names the control {id!r}, which does not exist.{hint}")
_TOO_LONG = mark(
    "The waiver for {id} ends on {until}; one for {severity} may end on {latest} "
    "at the latest. Shorten it, and renew it when it ends."
)


class Split(msgspec.Struct, frozen=True):
    """Deviations that are accepted, the others, and the waiver that speaks."""

    waived: tuple[Deviation, ...]
    left: tuple[Deviation, ...]
    waiver: Waiver | None


def today(now: datetime) -> date:
    """Return the day in UTC."""
    return now.astimezone(UTC).date()


def severity(profile: Profile, control: Control) -> Severity:
    """Return the control's severity on this site."""
    return Severity(profile.severity.get(control.id, control.severity))


def validate(profile: Profile, controls: Mapping[str, Control], now: datetime) -> None:
    """Refuse a profile that names unknown controls or waives for too long."""
    for name in (*profile.severity, *(waiver.control for waiver in profile.waiver)):
        if name not in controls:
            near = difflib.get_close_matches(name, controls, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise BadFile(_UNKNOWN.format(id=name, hint=hint))
    for waiver in profile.waiver:
        level = severity(profile, controls[waiver.control])
        latest = today(now) + timedelta(days=LONGEST[level])
        if waiver.until > latest:
            raise BadFile(
                _TOO_LONG.format(
                    id=waiver.control,
                    until=waiver.until,
                    severity=level,
                    latest=latest,
                )
            )


def _roles(facts: Facts, subject: str) -> Iterator[str]:
    try:
        servers = facts.servers()
    except Unseen:
        return
    for server in servers:
        if subject in (server.name, server.label):
            for service in server.own("zimbraServiceEnabled"):
                yield f"role:{service}"


def _covers(scope: Iterable[str], subject: str, facts: Facts) -> bool:
    wanted = set(scope)
    names = {subject, subject.partition(":")[2], *_roles(facts, subject)}
    if subject.startswith("account:"):
        names.add(f"domain:{subject.rpartition('@')[2]}")
    return not wanted or bool(wanted & names)


def split(control: Control, deviations: tuple[Deviation, ...], facts: Facts) -> Split:
    """Part a control's deviations by the waivers in force."""
    day = today(facts.now)
    level = severity(facts.profile, control)
    latest = day + timedelta(days=LONGEST[level])
    valid = [
        waiver
        for waiver in facts.profile.waiver
        if waiver.control == control.id and day <= waiver.until <= latest
    ]
    waived: list[Deviation] = []
    left: list[Deviation] = []
    spoken: Waiver | None = None
    for deviation in deviations:
        hit = next(
            (w for w in valid if _covers(w.scope, deviation.subject, facts)), None
        )
        spoken = spoken or hit
        (waived if hit else left).append(deviation)
    return Split(tuple(waived), tuple(left), spoken)


def lapsed(facts: Facts) -> tuple[str, ...]:
    """Name the waivers that are past their end."""
    day = today(facts.now)
    return tuple(
        f"{waiver.control} (until {waiver.until.isoformat()})"
        for waiver in facts.profile.waiver
        if waiver.until < day
    )
