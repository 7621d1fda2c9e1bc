"""A shape for what no host can see: somebody's word in the profile, with an end."""

from collections.abc import Iterator
from datetime import UTC

from zmward.control import Check
from zmward.controls.shapes.basic import on_directory
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts


def attestation(facts: Facts, subject: str, verb: str = "") -> Judgement:
    """Judge one subject by the profile: in force, lapsed, or never attested."""
    today = facts.now.astimezone(UTC).date()
    found = facts.profile.attested(subject, today)
    if found is not None:
        text = f"{subject}: attested by {found.by} on {found.on}, until {found.until}"
        return sound(Layer.DECLARED, "profile", source="profile", seen=text)
    lapsed = [a for a in facts.profile.attestation if a.subject == subject]
    if lapsed:
        last = max(lapsed, key=lambda a: a.until)
        return deviates(
            Layer.DECLARED,
            "profile",
            f"{subject}: attested by {last.by} on {last.on}, until {last.until}",
            "an attestation that is in force",
            no_cure="Look again, then renew the attestation in the profile.",
        )
    reason = f"no host shows this: attest {subject!r} in the profile"
    return unknown(
        Layer.DECLARED, "profile", f"{reason}, or use `{verb}`" if verb else reason
    )


def too_old(facts: Facts, subject: str) -> Judgement | None:
    """Say that what was attested lies further back than the profile allows."""
    today = facts.now.astimezone(UTC).date()
    found = facts.profile.attested(subject, today)
    days = facts.profile.thresholds.drill_days
    if found is None or (today - found.on).days <= days:
        return None
    return deviates(
        Layer.DECLARED,
        "profile",
        f"{subject}: done on {found.on}, {(today - found.on).days} days ago",
        f"at most {days} days ago",
        no_cure="Do it again, then renew the attestation in the profile.",
    )


def attested(subject: str, verb: str = "") -> Check:
    """Judge by an attestation alone; `verb` is the command that will look itself."""

    def judge(facts: Facts) -> Iterator[Judgement]:
        yield attestation(facts, subject, verb)

    return on_directory(Layer.DECLARED, (), judge)


def said(subject: str, until: str, build: str = "") -> dict[str, list[dict[str, str]]]:
    """Return a profile with one attestation, for examples."""
    word = {"subject": subject, "by": "operations", "on": "2026-11-01", "until": until}
    return {"attestation": [word | ({"build": build} if build else {})]}
