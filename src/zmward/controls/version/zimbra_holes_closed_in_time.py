"""No hole of Zimbra whose fix is out is past its due date."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from zmward.catalog.conditions import AllOf, AnyOf, Condition, Helper, Not, Pax
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.patches.ledger import owed
from zmward.patches.overview import EVIDENCE, Hole, shared
from zmward.patches.standing import OnNode, Standing

_SHOWN = 10


def _late(facts: Facts, host: str) -> list[tuple[int, str]]:
    """Return the days late and the text of each overdue hole, the latest first."""
    late = []
    for hole, one in shared(facts).on(host):
        if one.standing is not Standing.APPLIES or not hole.remedy:
            continue
        row = owed(hole, facts.profile.patches, facts.now)
        if row.due and row.late:
            text = f"{row.id} was due on {row.due.day} ({row.late} days late)"
            late.append((row.late, text))
    return sorted(late, key=lambda row: -row[0])


def _undated(facts: Facts, host: str) -> list[str]:
    """Return the open holes with a fix of which nobody knows since when it is out."""
    return [
        hole.advisory.id
        for hole, one in shared(facts).on(host)
        if one.standing is Standing.APPLIES
        and hole.remedy
        and owed(hole, facts.profile.patches, facts.now).due is None
    ]


def _of_the_system(condition: Condition | None) -> bool:
    """Say whether a hole is closed by a program that no build of Zimbra brings."""
    if isinstance(condition, AllOf | AnyOf):
        return any(map(_of_the_system, condition.parts))
    if isinstance(condition, Not):
        return _of_the_system(condition.part)
    return isinstance(condition, Pax | Helper)


def _without_remedy(hole: Hole, one: OnNode) -> bool:
    """Say that a hole is closed, or that no fix of it is known to be out.

    So it is on the newest build that is known, where only a build can close it.
    """
    row = hole.advisory
    elsewhere = row.undone_by is not None or _of_the_system(row.condition)
    return one.latest and row.confidence == "A" and not elsewhere


def _maybe_late(hole: Hole, one: OnNode, facts: Facts) -> bool:
    """Say whether a hole of which it is not known would be overdue if it is open."""
    if one.standing is not Standing.UNKNOWN or _without_remedy(hole, one):
        return False
    opened = replace(hole, standing=Standing.APPLIES)
    return owed(opened, facts.profile.patches, facts.now).late > 0


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = shared(facts).on(host)
    if not found:
        yield not_concerned(Layer.RUNNING, host, "no component of Zimbra is installed")
        return
    late = _late(facts, host)
    unsure_of = _undated(facts, host) + [
        hole.advisory.id for hole, one in found if _maybe_late(hole, one, facts)
    ]
    if late:
        rest = len(late) - _SHOWN
        texts = [text for _, text in late[:_SHOWN]]
        texts += [f"and {rest} more"] if rest > 0 else []
        yield deviates(
            Layer.RUNNING,
            host,
            "; ".join(texts),
            "nothing overdue",
            no_cure="Patch in a window that is near; `zmward patches` says which one "
            "build closes the most, and what helps until then.",
            source="packages",
        )
    elif unsure_of:
        shown = ", ".join(unsure_of[:_SHOWN])
        reason = f"of {len(unsure_of)} holes it is not known ({shown}): why, and how "
        yield unknown(
            Layer.RUNNING, host, f"{reason}to settle it, is in `zmward patches`"
        )
    else:
        rest = sum(one.standing is Standing.UNKNOWN for _, one in found)
        seen = (
            f"nothing is overdue; of {rest} holes no record says whether it is closed"
        )
        yield sound(Layer.RUNNING, host, source="packages", seen=seen)


def _installed(patch: str) -> dict[str, str]:
    core = "10.1.0.GA.4655.UBUNTU22.64"
    return {"zimbra-core": core, "zimbra-store": core, "zimbra-patch": patch}


# What the conditions of the holes read, on a server that has nothing of it.
_SEEN: Final = {
    "services": ("mailbox",),
    "server": {"zimbraServerVersionType": "FOSS"},
    "zimlets": {"/opt/zimbra/zimlets-deployed": None},
    "extensions": {"/opt/zimbra/lib/ext": None},
    "localconfig": {},
    "cos": {"default": {}},
    "domains": {"example.com": {}},
    "accounts": {},
    "ldap_app_passwords": 0,
}

CONTROL = Control(
    id="zimbra-holes-closed-in-time",
    title="No hole of Zimbra whose fix is out is past its due date",
    why=(
        "A published hole is used within days to weeks; a date that everybody knows "
        "is what gets a patch window granted."
    ),
    impact="Patches restart services.",
    severity=Severity.CRITICAL,
    tips=("T01",),
    check=on_hosts(Layer.RUNNING, EVIDENCE, _look),
    refs=("https://wiki.zimbra.com/wiki/Zimbra_Vulnerability_Rating_Classification",),
    note=(
        "High is due at once, Medium and unrated by the end of the working week, Low "
        "in the next maintenance window; the calendar is the profile's. A hole "
        "without any fix cannot be late. So it is on the newest build that is known "
        "with a hole of which no record says whether that build closes it: there is "
        "nothing to install."
    ),
    examples=(
        fails(packages=_installed("10.1.20.1783418035-2")),
        fails(packages=_installed("10.1.4.1731412800-1")),
        passes(packages=_installed("10.1.21.1789981200-1"), **_SEEN),
        passes(packages=_installed("10.1.22.1794000000-1"), **_SEEN),
        fails(packages=_installed("10.1.9.1794000000-1"), **_SEEN),
        unsure(packages=_installed("10.1.21.1789981200-1")),
        unsure(
            packages=_installed("10.1.20.1783418035-2"),
            now="2026-08-12T12:00:00+00:00",
        ),
        unsure(packages={"zimbra-store": "1"}),
        unsure(missing=("packages",)),
    ),
)
