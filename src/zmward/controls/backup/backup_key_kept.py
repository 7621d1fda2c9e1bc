"""The key of the backup is kept apart from it."""

from collections.abc import Iterator
from posixpath import normpath

from zmward.backups.checked import checked, doubts
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.attestation import attestation, said
from zmward.controls.shapes.basic import on_directory
from zmward.controls.shapes.copies import noted, two
from zmward.deviation import Judgement, Layer, deviates, not_concerned, unknown
from zmward.facts import Facts
from zmward.sources.backup_check import BACKUP_CHECK

_SUBJECT = "backup-key"


def _within(facts: Facts) -> Iterator[Judgement]:
    """Yield the copies that hold their own key."""
    for copy in facts.profile.backups.copy:
        key = normpath(copy.password_file) if copy.password_file else ""
        if key.startswith(f"{normpath(copy.place)}/"):
            yield deviates(
                *(Layer.DECLARED, copy.name, f"{copy.name} holds {key}, its key"),
                "a key in another place",
                no_cure="Move the password file, and keep a second one elsewhere.",
                source="profile",
            )


def _open(facts: Facts) -> Iterator[Judgement]:
    """Yield the copies that need no key, where others can read them."""
    for copy, look in checked(facts).items():
        if look.encryption == "bad":
            text = f"{copy}: plain, and off-site or open to others"
            yield deviates(
                *(Layer.RUNNING, look.host, text, "encrypted"),
                no_cure="Encrypt it, or take the others' right to read it.",
                source=BACKUP_CHECK.name,
            )


def _look(facts: Facts) -> Iterator[Judgement]:
    wrong = (*_within(facts), *_open(facts))
    yield from wrong
    looks = checked(facts).values()
    plain = bool(looks) and all(look.encrypted is False for look in looks)
    if plain and not wrong:
        reason = "no copy is encrypted, so that there is no key; none is open to others"
        yield not_concerned(Layer.RUNNING, "profile", reason)
    for host, reason in doubts(facts):
        yield unknown(Layer.RUNNING, host, reason)
    if not plain:
        yield attestation(facts, _SUBJECT)


CONTROL = Control(
    id="backup-key-kept",
    title="The key of the backup is kept apart from it",
    why="A backup without its key is noise; with the key beside it, it is open.",
    impact="None.",
    severity=Severity.MEDIUM,
    tips=("T14",),
    check=on_directory(Layer.DECLARED, (BACKUP_CHECK,), _look),
    refs=(),
    note=(
        "A copy that holds its own password file, or is plain where others can read "
        "it, is found. Where the key is kept beside, and who can reach it, no host "
        "shows: attest it as backup-key."
    ),
    examples=(
        passes(profile=said("backup-key", until="2027-05-01")),
        fails(profile=said("backup-key", until="2026-11-20")),
        fails(
            profile=two(kind="restic", password_file="/srv/vault/../vault/key")  # noqa: S106  # a path
            | said("backup-key", until="2027-05-01"),
            absent=(BACKUP_CHECK.name,),
        ),
        passes(
            profile=two(kind="restic", password_file="/srv/vault.key")  # noqa: S106  # a path
            | said("backup-key", until="2027-05-01"),
            absent=(BACKUP_CHECK.name,),
        ),
        fails(
            raw=noted({"nightly": {}, "vault": {"encryption": "bad"}}, encrypted=False),
            profile=two(),
        ),
        unconcerned(
            raw=noted({"nightly": {}, "vault": {}}, encrypted=False), profile=two()
        ),
        unsure(raw=noted({"nightly": {}, "vault": {}}), profile=two()),
        # Of one copy nobody knows whether it has a key.
        unsure(raw=noted({"vault": {}}, encrypted=False), profile=two()),
        unsure(),
    ),
)
