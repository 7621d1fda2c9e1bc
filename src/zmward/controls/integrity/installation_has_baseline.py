"""The installation matches a signed baseline."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation, said
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, State, deviates, sound, unknown
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.integrity_check import (
    INTEGRITY_CHECK,
    QUICK,
    SCHEMA,
    WHOLE,
    Note,
    Notes,
)
from zmward.sources.modes import FILE_MODES
from zmward.sources.own_records import INTEGRITY

_SUBJECT = "integrity-baseline"
_VERB = "zmward integrity check"
_HISTORY = f"{INTEGRITY}/history"
# Clocks of two machines differ by less.
_AHEAD = timedelta(hours=1)


def _has(facts: Facts, host: str) -> bool:
    """Say whether a baseline lies on a host, as far as that was seen."""
    try:
        return _HISTORY in facts.read(FILE_MODES, host)
    except Unseen:
        return False


def _notes(facts: Facts, host: str) -> Notes:
    """Return what checks have noted on a host; nothing where nothing was seen."""
    try:
        return facts.read(INTEGRITY_CHECK, host)
    except Unseen as signal:
        if facts.absent(INTEGRITY_CHECK, host):
            return Notes()
        return Notes(doubts=(signal.missing.reason,))


def _newest(found: Notes) -> Note | None:
    """Return the note that counts: a quick check only says that something is wrong."""
    whole, quick = found.whole, found.quick
    wrong = quick is not None and bool(quick.alarms or quick.refused)
    if quick is not None and wrong and (whole is None or quick.began > whole.began):
        return quick
    return whole


def _wrong(one: Note, *, late: bool) -> tuple[str, str] | None:
    """Return what is wrong by a note, and what to do; None for nothing."""
    day = one.began.date()
    if one.refused:
        text = f"on {day} a baseline was refused: {one.refused}"
        return text, f"Find out why, then run `{_VERB}` again."
    if one.alarms:
        text = f"on {day}: {one.alarms} alarms against {_baseline(one)}"
        return text, f"Look at each with `{_VERB}`: docs/guides/is-my-server-hacked.md."
    if late:
        text = f"last compared with {_baseline(one)} on {day}"
        return text, f"Run `{_VERB}`, each day by its timer."
    return None


def _doubt(one: Note, now: datetime, keys: tuple[str, ...]) -> str:
    """Return why a note that tells of nothing wrong shows nothing; empty if it does."""
    day = one.began.date()
    if one.began > now + _AHEAD:
        return f"the check of {day} lies in the future"
    if keys and not set(one.keys) <= set(keys):
        return f"the check of {day} believed a key that the profile does not name"
    if one.missed:
        reason = f"the check of {day} could not see {one.missed} places"
        return f"{reason}: `{_VERB}` names them"
    return ""


def _compared(facts: Facts, host: str, one: Note) -> Judgement:
    """Judge what the check that counts has found."""
    days, source = facts.profile.thresholds.integrity_days, INTEGRITY_CHECK.name
    found = _wrong(one, late=facts.now - one.began > timedelta(days=days))
    if found is not None:
        text, cure = found
        wanted = f"everything compared in the last {days} days, and no alarm"
        return deviates(
            *(Layer.DECLARED, host, text, wanted), no_cure=cure, source=source
        )
    doubt = _doubt(one, facts.now, facts.profile.integrity.keys)
    if doubt:
        return unknown(Layer.DECLARED, host, doubt)
    seen = f"compared with {_baseline(one)} on {one.began.date()}: no alarm"
    return sound(Layer.DECLARED, host, source=source, seen=seen)


def _baseline(one: Note) -> str:
    day = datetime.fromisoformat(one.made).date() if one.made else "an unknown day"
    return f"baseline {one.number} of {day}"


def _on(facts: Facts, host: str, nobody: Judgement) -> Iterator[Judgement]:
    """Judge one host; `nobody` is what is said where it has neither."""
    found = _notes(facts, host)
    for reason in found.doubts:
        yield unknown(Layer.DECLARED, host, reason)
    one = _newest(found)
    if one is not None:
        yield _compared(facts, host, one)
    elif _has(facts, host):
        reason = f"a baseline lies there, and no `{_VERB}` of all contents was noted"
        yield unknown(Layer.DECLARED, host, reason)
    elif not found.doubts:
        yield unknown(Layer.DECLARED, host, nobody.reason)


def _look(facts: Facts) -> Iterator[Judgement]:
    word = attestation(facts, _SUBJECT, "zmward integrity baseline")
    if word.state is not State.UNKNOWN:
        yield word
        return
    for host in facts.hosts():
        yield from _on(facts, host, word)


def _note(path: str = WHOLE, **more: object) -> str:
    found = Note(
        *(SCHEMA, "2026-11-20T03:00:00+00:00", (_KEY,)),
        *(3, "2026-10-01T09:00:00+00:00"),
    )
    text = msgspec.json.encode(msgspec.structs.replace(found, **more)).decode()
    where = f"{INTEGRITY}/{path}"
    return f"! 600 root regular file {where}\n> {where}\n {text}\n"


def _raw(*notes: str) -> dict[str, str]:
    return {INTEGRITY_CHECK.name: "".join(notes)}


_KEY = "uU9hhUcVYMuhgCWLmYRbCR8kWQyvLpmhnWRJ0VOrmOs="
_OTHER = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
_LATER = "2026-11-20T20:00:00+00:00"
_MODES = (
    f"755 root root 4096 1 directory|/\n600 root root 1134 1 regular file|{_HISTORY}\n"
)


CONTROL = Control(
    id="installation-has-baseline",
    title="The installation matches a signed baseline",
    why=(
        "A changed script or an added page of a web shell shows only against a record "
        "of how the files were, kept where the intruder cannot write."
    ),
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T36",),
    check=on_directory(Layer.DECLARED, (FILE_MODES, INTEGRITY_CHECK, SERVERS), _look),
    refs=("https://wiki.zimbra.com/wiki/Integrity_check",),
    note=(
        "`zmward integrity check` notes what it found on the host; it holds for "
        "integrity-days of the profile's thresholds. A quick check can only say that "
        "something is wrong. Who is root on the host can forge the note: run the check "
        "from time to time with --expect, and read it there. A site that already "
        "compares files elsewhere (AIDE, an agent) attests it as integrity-baseline."
    ),
    examples=(
        passes(profile=said(_SUBJECT, until="2027-05-01")),
        passes(raw=_raw(_note())),
        passes(raw=_raw(_note()), profile={"integrity": {"keys": [_KEY, _OTHER]}}),
        passes(raw=_raw(_note(), _note(QUICK, when=_LATER, missed=2))),
        # What was wrong then is not so any more.
        passes(raw=_raw(_note(when=_LATER), _note(QUICK, alarms=1))),
        fails(profile=said(_SUBJECT, until="2026-11-20")),
        fails(raw=_raw(_note(alarms=1))),
        fails(raw=_raw(_note(alarms=1, missed=4))),
        fails(raw=_raw(_note(), _note(QUICK, when=_LATER, alarms=1))),
        fails(raw=_raw(_note(QUICK, alarms=1))),
        fails(raw=_raw(_note(), _note(QUICK, when=_LATER, number=0, refused="cut"))),
        fails(raw=_raw(_note(number=0, made="", refused="the history is gone"))),
        fails(raw=_raw(_note(when="2026-11-01T03:00:00+00:00"))),
        unsure(raw=_raw(_note(missed=1))),
        unsure(raw=_raw(_note(when="2026-12-20T03:00:00+00:00"))),
        unsure(raw=_raw(_note()), profile={"integrity": {"keys": [_OTHER]}}),
        unsure(raw=_raw(_note().replace("600", "606"))),
        # A quick check alone has not read everything.
        unsure(raw=_raw(_note(QUICK))),
        unsure(raw={**_raw(), FILE_MODES.name: _MODES}),
        unsure(missing=(INTEGRITY_CHECK.name,)),
        unsure(absent=(INTEGRITY_CHECK.name,)),
        unsure(),
    ),
)
