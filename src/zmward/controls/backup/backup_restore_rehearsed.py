"""A restore was rehearsed not long ago."""

from collections.abc import Iterator
from datetime import UTC

import msgspec

from zmward.backups.rehearsed import Rehearsed, rehearsed
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation, said, too_old
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.backup_drill import BACKUP_DRILL, SCHEMA, Drill, Tried
from zmward.sources.own_records import OWN

_SUBJECT = "backup-drill"
_VERB = "zmward backup drill"
_ABSENT = (BACKUP_DRILL.name,)


class _Known(msgspec.Struct, frozen=True):
    """What the nodes remember: drills with their node, and where that is in doubt."""

    drills: tuple[tuple[str, Drill], ...]
    doubts: tuple[tuple[str, str], ...]


def _known(facts: Facts) -> _Known:
    drills: list[tuple[str, Drill]] = []
    doubts: list[tuple[str, str]] = []
    for host in facts.evidence.hosts:
        try:
            found = facts.read(BACKUP_DRILL, host)
        except Unseen as signal:
            # Most nodes never rehearsed anything; others do not let us look.
            if not facts.absent(BACKUP_DRILL, host):
                doubts.append((host, signal.missing.reason))
            continue
        drills += [(host, one) for one in found.last]
        doubts += [(host, text) for text in found.refused]
    return _Known(tuple(drills), tuple(doubts))


def _attested(facts: Facts) -> Judgement:
    return too_old(facts, _SUBJECT) or attestation(facts, _SUBJECT, _VERB)


def _on(facts: Facts, host: str, one: Rehearsed) -> Judgement:
    """Judge what one node remembers of a copy."""
    days = facts.profile.thresholds.drill_days
    wanted = f"restored whole, at most {days} days ago"
    if one.standing == "well":
        source = BACKUP_DRILL.name
        return sound(Layer.DECLARED, host, source=source, seen=one.text)
    if one.standing in {"bad", "old"}:
        return deviates(
            *(Layer.DECLARED, host, one.text, wanted),
            no_cure=f"Make the backup whole, then run `{_VERB}` with that copy.",
            source=BACKUP_DRILL.name,
        )
    reason = one.text
    if one.standing == "partly":
        reason = f"{reason}: what could not be tried is not rehearsed"
    return unknown(Layer.DECLARED, host, reason)


def _copy(facts: Facts, known: _Known, name: str) -> Iterator[Judgement]:
    """Judge a copy: each node that saw it fail, else the newest drill of all nodes."""
    site, today = facts.profile.backups, facts.now.astimezone(UTC).date()
    held = next((site.held(one) for one in site.copy if one.name == name), ())
    days = facts.profile.thresholds.drill_days
    own = sorted(
        (pair for pair in known.drills if pair[1].copy == name),
        key=lambda pair: pair[1].began,
    )
    judged = [(host, rehearsed(name, d, held, days, today)) for host, d in own]
    # The same place may be another disk on another node.
    meant = [pair for pair in judged[:-1] if pair[1].standing == "bad"] + judged[-1:]
    word = facts.profile.attested(_SUBJECT, today)
    for host, one in meant:
        if word and one.outweighed(word.on):
            yield _attested(facts)
        else:
            yield _on(facts, host, one)


def _look(facts: Facts) -> Iterator[Judgement]:
    known, site = _known(facts), facts.profile.backups
    seen = {drill.copy for _, drill in known.drills}
    names = tuple(one.name for one in site.copy) or tuple(sorted(seen))
    for host, reason in known.doubts:
        yield unknown(Layer.DECLARED, host, reason)
    for name in names:
        if name in seen:
            yield from _copy(facts, known, name)
    never = [name for name in names if name not in seen]
    if not names or never:
        yield _never(facts, never)
    held = {part for one in site.copy for part in site.held(one)}
    lacking = [part for part in site.kept if part not in held]
    if site.copy and lacking:
        reason = f"no copy holds {', '.join(lacking)}, which the profile says is kept"
        yield unknown(Layer.DECLARED, "profile", reason)


def _never(facts: Facts, names: list[str]) -> Judgement:
    """Judge the copies that nobody rehearsed: by a word, or not at all."""
    said_once = any(a.subject == _SUBJECT for a in facts.profile.attestation)
    if said_once or not names:
        return _attested(facts)
    ask = f"run `{_VERB} --copy NAME`, or attest {_SUBJECT!r} in the profile"
    reason = f"never rehearsed: {', '.join(names)}: {ask}"
    return unknown(Layer.DECLARED, "profile", reason)


def _copies(*names: str, holds: str = "") -> dict[str, object]:
    rows = [
        {"name": name, "kind": "folder", "place": f"/srv/{name}"}
        | ({"holds": [holds]} if holds else {})
        for name in names
    ]
    return {"backups": {"mariadb": [], "copy": rows}}


def _drill(
    state: str, day: str = "2026-11-01", made: str = "", copy: str = "nightly"
) -> str:
    parts = (Tried("ldap", "well"), Tried("account", state))  # type: ignore[arg-type]  # a state
    drill = Drill(SCHEMA, f"{day}T02:00:00+00:00", copy, parts, made)
    path = f"{OWN}/drills/{copy}.json"
    text = msgspec.json.encode(drill).decode()
    return f"! 600 root regular file {path}\n> {path}\n {text}\n"


def _raw(*drills: str) -> dict[str, str]:
    return {BACKUP_DRILL.name: "".join(drills)}


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
        "`zmward backup drill` restores for real and remembers it for each copy; every "
        "copy of the profile is judged, and `holds` says what a copy is for. A "
        "rehearsal of another kind is attested as backup-drill. Either holds for "
        "drill-days of the profile's thresholds at most."
    ),
    examples=(
        passes(profile=said("backup-drill", until="2027-05-01"), absent=_ABSENT),
        passes(raw=_raw(_drill("well"))),
        passes(
            raw=_raw(_drill("well"), _drill("well", copy="vault")),
            profile=_copies("nightly", "vault"),
        ),
        # A copy that the profile does not name any more is nobody's concern.
        passes(
            raw=_raw(_drill("well"), _drill("bad", copy="given-up")),
            profile=_copies("nightly"),
        ),
        passes(
            raw=_raw(_drill("bad", "2026-10-01")),
            profile=said("backup-drill", "2027-05-01"),
        ),
        fails(profile=said("backup-drill", until="2026-11-20"), absent=_ABSENT),
        fails(
            now="2027-06-01T12:00:00+00:00",
            profile=said("backup-drill", until="2028-01-01"),
            absent=_ABSENT,
        ),
        fails(raw=_raw(_drill("bad"))),
        # A good drill of one copy hides no bad one of another.
        fails(
            raw=_raw(_drill("bad"), _drill("well", "2026-11-20", copy="vault")),
            profile=_copies("nightly", "vault"),
        ),
        fails(raw=_raw(_drill("well", "2026-01-01"))),
        fails(raw=_raw(_drill("well", made="2026-01-01T02:00:00+00:00"))),
        unsure(raw=_raw(_drill("unknown"))),
        unsure(raw=_raw(_drill("well", "2026-12-01"))),
        unsure(raw=_raw(_drill("well")), profile=_copies("nightly", "vault")),
        unsure(raw=_raw(_drill("well")), profile=_copies("nightly", holds="ldap")),
        unsure(raw=_raw(_drill("well").replace("600", "666"))),
        unsure(raw={BACKUP_DRILL.name: ""}),
        unsure(
            profile=said("backup-drill", until="2027-05-01"),
            missing=(BACKUP_DRILL.name,),
        ),
        unsure(),
    ),
)
