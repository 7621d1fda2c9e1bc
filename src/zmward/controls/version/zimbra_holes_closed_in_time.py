"""No hole of Zimbra whose fix is out is past its due date."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.patches.ledger import owed
from zmward.patches.overview import EVIDENCE, shared
from zmward.patches.standing import Standing

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


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = shared(facts).on(host)
    if not found:
        yield not_concerned(Layer.RUNNING, host, "no component of Zimbra is installed")
        return
    late = _late(facts, host)
    unsure_of = sum(one.standing is Standing.UNKNOWN for _, one in found)
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
        reason = f"of {unsure_of} holes it is not known; why is in `zmward patches`"
        yield unknown(Layer.RUNNING, host, reason)
    else:
        yield sound(Layer.RUNNING, host, source="packages", seen="nothing is overdue")


def _installed(patch: str) -> dict[str, str]:
    core = "10.1.0.GA.4655.UBUNTU22.64"
    return {"zimbra-core": core, "zimbra-store": core, "zimbra-patch": patch}


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
        "without any fix cannot be late."
    ),
    examples=(
        fails(packages=_installed("10.1.20.1783418035-2")),
        fails(packages=_installed("10.1.4.1731412800-1")),
        unsure(packages=_installed("10.1.21.1789981200-1")),
        unsure(
            packages=_installed("10.1.20.1783418035-2"),
            now="2026-08-12T12:00:00+00:00",
        ),
        unsure(packages={"zimbra-store": "1"}),
        unsure(missing=("packages",)),
    ),
)
