"""A restore was rehearsed not long ago."""

from collections.abc import Iterator
from datetime import UTC

import msgspec

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation, said, too_old
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.backup_drill import BACKUP_DRILL, SCHEMA, Drill, Tried

_SUBJECT = "backup-drill"
_VERB = "zmward backup drill"


def _last(facts: Facts) -> tuple[str, Drill] | None:
    """Return the newest drill that any node remembers, and that node."""
    found = []
    for host in facts.evidence.hosts:
        try:
            found.append((host, facts.read(BACKUP_DRILL, host)))
        except Unseen:
            # Most nodes never rehearsed anything.
            continue
    return max(found, key=lambda one: one[1].began, default=None)


def _attested(facts: Facts) -> Judgement:
    return too_old(facts, _SUBJECT) or attestation(facts, _SUBJECT, _VERB)


def _look(facts: Facts) -> Iterator[Judgement]:
    last = _last(facts)
    if last is None:
        yield _attested(facts)
        return
    host, drill = last
    today = facts.now.astimezone(UTC).date()
    days = (today - drill.began.astimezone(UTC).date()).days
    parts = ", ".join(f"{part.subject} {part.state}" for part in drill.parts)
    old = (today - drill.proves.astimezone(UTC).date()).days
    text = f"drill of {drill.when[:10]} with {drill.copy}: {parts}"
    if old != days:
        text += f", of a backup {old} days old"
    states = {part.state for part in drill.parts}
    word = facts.profile.attested(_SUBJECT, today)
    newer = word is not None and word.on > drill.began.astimezone(UTC).date()
    wanted = f"restored whole, at most {facts.profile.thresholds.drill_days} days ago"
    if days < 0:
        yield unknown(Layer.DECLARED, host, f"{text}: still to come, by the clock")
    elif newer or (states == {"unknown"} and word is not None):
        yield _attested(facts)
    elif "bad" in states or old > facts.profile.thresholds.drill_days:
        yield deviates(
            *(Layer.DECLARED, host, text, wanted),
            no_cure=f"Make the backup whole, then run `{_VERB}`.",
            source=BACKUP_DRILL.name,
        )
    elif "unknown" in states:
        reason = f"{text}: what could not be tried is not rehearsed"
        yield unknown(Layer.DECLARED, host, reason)
    else:
        yield sound(Layer.DECLARED, host, source=BACKUP_DRILL.name, seen=text)


def _drill(state: str, day: str = "2026-11-01", made: str = "") -> dict[str, str]:
    parts = (Tried("ldap", "well"), Tried("account", state))  # type: ignore[arg-type]  # a state
    drill = Drill(SCHEMA, f"{day}T02:00:00+00:00", "nightly", parts, made)
    return {"backup-drill": f"> 600 root regular file\n{_json(drill)}\n"}


def _json(drill: Drill) -> str:
    return msgspec.json.encode(drill).decode()


CONTROL = Control(
    id="backup-restore-rehearsed",
    title="A restore was rehearsed not long ago",
    why="A backup that nobody ever restored is a hope.",
    impact="None.",
    severity=Severity.HIGH,
    tips=("T14",),
    check=on_directory(Layer.DECLARED, (BACKUP_DRILL,), _look),
    refs=(),
    note=(
        "`zmward backup drill` restores for real and remembers it; a rehearsal of "
        "another kind is attested as backup-drill. Either holds for drill-days of the "
        "profile's thresholds at most."
    ),
    examples=(
        passes(profile=said("backup-drill", until="2027-05-01")),
        passes(raw=_drill("well")),
        passes(
            raw=_drill("bad", "2026-10-01"), profile=said("backup-drill", "2027-05-01")
        ),
        fails(profile=said("backup-drill", until="2026-11-20")),
        fails(
            now="2027-06-01T12:00:00+00:00",
            profile=said("backup-drill", until="2028-01-01"),
        ),
        fails(raw=_drill("bad")),
        fails(raw=_drill("well", "2026-01-01")),
        fails(raw=_drill("well", made="2026-01-01T02:00:00+00:00")),
        unsure(raw=_drill("unknown")),
        unsure(raw=_drill("well", "2026-12-01")),
        unsure(),
    ),
)
