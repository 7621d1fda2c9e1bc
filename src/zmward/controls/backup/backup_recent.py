"""The newest backup is not older than the site allows."""

from collections.abc import Iterator
from datetime import UTC

from zmward.backups.checked import checked, doubts
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation, said
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.copies import noted, two
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.backup_check import BACKUP_CHECK
from zmward.sources.backups import BACKUPS, TARGET, Artefact
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.packages import PACKAGES

_ATTRIBUTE = "zimbraBackupTarget"
_SUBJECT = "backup"
_ASK = f"attest {_SUBJECT!r} in the profile"
_ANEW = "See why the backup stopped, then make one: `zmward backup run` does."
_HOUR = 3600
# Lists of accounts and of sessions are written even where the backup then fails.
_LEAST = 1 << 20


def _target(facts: Facts, host: str) -> str:
    own = next((s.one(_ATTRIBUTE) for s in facts.servers() if s.name == host), "")
    return (own or facts.config().one(_ATTRIBUTE) or TARGET).rstrip("/")


def _aged(facts: Facts, host: str, newest: Artefact) -> Judgement:
    hours = (facts.now.timestamp() - newest.modified) / _HOUR
    text = f"newest file: {newest.path}, {max(hours, 0):.0f} hours old"
    most = facts.profile.thresholds.backup_hours
    if hours <= most:
        return sound(Layer.RUNNING, host, source="backups", seen=text)
    return deviates(
        Layer.RUNNING,
        host,
        text,
        f"at most {most} hours",
        no_cure=_ANEW,
        source="backups",
    )


def _of_copies(facts: Facts, host: str) -> Iterator[Judgement]:
    """Judge the profile's copies by what `zmward backup check` saw of them lately."""
    looks = checked(facts).values()
    bad = [look for look in looks if look.state == "bad"]
    doubtful = [look.text for look in looks if look.state == "unknown"]
    for look in bad:
        yield deviates(
            *(Layer.RUNNING, look.host, look.text, "a newer one in each series"),
            no_cure=_ANEW,
            source=BACKUP_CHECK.name,
        )
    for doubt in doubts(facts):
        yield unknown(Layer.RUNNING, *doubt)
    if bad:
        return
    if facts.profile.attested(_SUBJECT, facts.now.astimezone(UTC).date()):
        yield attestation(facts, _SUBJECT)
    elif doubtful:
        yield unknown(Layer.RUNNING, host, "; ".join(doubtful))
    elif len(facts.hosts("mailbox")) > 1:
        # Whose backups a copy holds, its series do not say.
        reason = f"several servers have mailboxes, and no copy says whose: {_ASK}"
        yield unknown(Layer.RUNNING, host, reason)
    else:
        text = "; ".join(look.text for look in looks)
        yield sound(Layer.RUNNING, host, source=BACKUP_CHECK.name, seen=text)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    if facts.profile.backups.copy:
        yield from _of_copies(facts, host)
        return
    if facts.profile.attested(_SUBJECT, facts.now.astimezone(UTC).date()):
        yield attestation(facts, _SUBJECT)
        return
    target = _target(facts, host)
    ask = f"{_ASK}, or name the copies there and use `zmward backup check`"
    if target != TARGET:
        reason = f"{_ATTRIBUTE} is {target}, where nobody looked: {ask}"
        yield unknown(Layer.RUNNING, host, reason)
        return
    found = () if facts.absent(BACKUPS, host) else facts.read(BACKUPS, host)
    large = [one for one in found if one.size >= _LEAST]
    if large:
        yield _aged(facts, host, large[0])
    elif found:
        reason = f"{TARGET} holds small files only, the newest {found[0].path}: {ask}"
        yield unknown(Layer.RUNNING, host, reason)
    else:
        reason = f"{TARGET} holds nothing; a backup elsewhere is not seen: {ask}"
        yield unknown(Layer.RUNNING, host, reason)


CONTROL = Control(
    id="backup-recent",
    title="The newest backup is not older than the site allows",
    why="What was not saved is lost with the disk, or with the ransom note.",
    impact="None.",
    severity=Severity.HIGH,
    tips=("T14",),
    roles=("mailbox",),
    check=on_hosts(
        Layer.RUNNING,
        (BACKUPS, BACKUP_CHECK, CONFIG, SERVERS, PACKAGES),
        _look,
        role="mailbox",
    ),
    refs=(),
    note=(
        "Where the profile names copies, what `zmward backup check` noted counts "
        "for thresholds.backup-hours; else the newest file below /opt/zimbra/backup. "
        "A file's age shows that something was written, not that it can be restored. "
        "The open-source edition brings no backup at all."
    ),
    examples=(
        passes(
            config={},
            raw={"backups": "1795230000 40000000 /opt/zimbra/backup/full/a.tgz\n"},
        ),
        passes(
            config={},
            profile={
                "attestation": [
                    {
                        "subject": "backup",
                        "by": "operations",
                        "on": "2026-11-01",
                        "until": "2027-05-01",
                    }
                ]
            },
        ),
        fails(
            config={},
            raw={"backups": "1780000000 40000000 /opt/zimbra/backup/full/a.tgz\n"},
        ),
        unsure(
            config={},
            raw={"backups": "1795230000 4096 /opt/zimbra/backup/accounts.xml\n"},
        ),
        unsure(config={}, raw={"backups": ""}),
        unsure(config={_ATTRIBUTE: "/backup"}, raw={"backups": ""}),
        unsure(config={}, missing=("backups",)),
        passes(raw=noted({"nightly": {}, "vault": {}}), profile=two()),
        # One fresh copy hides none that stopped.
        fails(raw=noted({"nightly": {"age": "bad"}, "vault": {}}), profile=two()),
        fails(
            raw=noted({"nightly": {"age": "bad"}, "vault": {}}),
            profile=two() | said("backup", until="2027-05-01"),
        ),
        passes(
            raw=noted({"nightly": {"place": "unknown"}, "vault": {}}),
            profile=two() | said("backup", until="2027-05-01"),
        ),
        unsure(
            raw=noted({"nightly": {"place": "unknown"}, "vault": {}}), profile=two()
        ),
        unsure(raw=noted({"nightly": {}}), profile=two()),
        # What was seen two days ago says nothing of today.
        unsure(
            raw=noted({"nightly": {}, "vault": {}}, "2026-11-19T11:00:00+00:00"),
            profile=two(),
        ),
        unsure(
            raw=noted({"nightly": {}, "vault": {}}, head="666 root regular file"),
            profile=two(),
        ),
        unsure(
            raw=noted({"nightly": {}, "vault": {}}),
            profile=two(),
            servers={"two.example.com": {}},
        ),
        unsure(profile=two(), raw={"backups": "1795230000 40000000 /opt/zimbra/a\n"}),
    ),
)
