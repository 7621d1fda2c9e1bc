"""A copy of the backup is kept in another place."""

from collections.abc import Iterator
from datetime import UTC

from zmward.backups.checked import checked, doubts
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation, said
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.copies import noted, two
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.backup_check import BACKUP_CHECK

_SUBJECT = "backup-offsite"


def _look(facts: Facts) -> Iterator[Judgement]:
    looks = checked(facts)
    names = [one.name for one in facts.profile.backups.copy if one.off_site]
    far = [looks[name] for name in names]
    fresh = [look for look in far if look.state == "well"]
    today = facts.now.astimezone(UTC).date()
    if fresh:
        text = "; ".join(look.text for look in fresh)
        source = BACKUP_CHECK.name
        yield sound(Layer.RUNNING, fresh[0].host, source=source, seen=text)
    elif far and (unread := tuple(doubts(facts))):
        for host, reason in unread:
            yield unknown(Layer.RUNNING, host, reason)
    elif facts.profile.attested(_SUBJECT, today) or not far:
        yield attestation(facts, _SUBJECT)
    elif all(look.state == "bad" for look in far):
        for look in far:
            yield deviates(
                *(Layer.RUNNING, look.host, look.text, "a fresh copy in another place"),
                no_cure="See why no backup gets there any more.",
                source=BACKUP_CHECK.name,
            )
    else:
        reason = "; ".join(look.text for look in far)
        yield unknown(Layer.RUNNING, "profile", reason)


CONTROL = Control(
    id="backup-off-site",
    title="A copy of the backup is kept in another place",
    why="Fire, theft and an intruder with root take the server and the disk beside it.",
    impact="None.",
    severity=Severity.HIGH,
    tips=("T14",),
    check=on_directory(Layer.RUNNING, (BACKUP_CHECK,), _look),
    refs=(),
    note=(
        "A copy of the profile that is marked off-site counts while `zmward backup "
        "check` finds it fresh. Else attest it as backup-offsite: who looked, when, "
        "and until when that holds."
    ),
    examples=(
        passes(profile=said("backup-offsite", until="2027-05-01")),
        fails(profile=said("backup-offsite", until="2026-11-20")),
        passes(raw=noted({"vault": {}}), profile=two(off_site=True)),
        fails(raw=noted({"vault": {"age": "bad"}}), profile=two(off_site=True)),
        passes(
            raw=noted({"vault": {"age": "bad"}}),
            profile=two(off_site=True) | said("backup-offsite", until="2027-05-01"),
        ),
        unsure(raw=noted({"vault": {"place": "unknown"}}), profile=two(off_site=True)),
        unsure(profile=two(off_site=True)),
        # A copy beside the server is none in another place, however fresh.
        unsure(raw=noted({"nightly": {}, "vault": {}}), profile=two()),
        unsure(),
    ),
)
