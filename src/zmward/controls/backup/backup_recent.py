"""The newest backup is not older than the site allows."""

from collections.abc import Iterator
from datetime import UTC

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attestation import attestation
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.backups import BACKUPS, TARGET, Artefact
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.packages import PACKAGES

_ATTRIBUTE = "zimbraBackupTarget"
_SUBJECT = "backup"
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
        no_cure="See why the backup stopped, then make one: `zmward backup run` does.",
        source="backups",
    )


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    if facts.profile.attested(_SUBJECT, facts.now.astimezone(UTC).date()):
        yield attestation(facts, _SUBJECT)
        return
    target = _target(facts, host)
    ask = f"attest {_SUBJECT!r} in the profile, or use `zmward backup check`"
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
        Layer.RUNNING, (BACKUPS, CONFIG, SERVERS, PACKAGES), _look, role="mailbox"
    ),
    refs=(),
    note=(
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
    ),
)
