"""What no single copy shows: another place, the key, snapshots, a rehearsed restore."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Final

from zmward.backups.listing import Aspect, Found, Listing, State
from zmward.backups.rehearsed import Rehearsed, Standing, rehearsed
from zmward.i18n import mark
from zmward.profile import Profile
from zmward.sources.backup_drill import Drills

_ASK = mark("attest it in the profile, with an end")
_DRILL = mark("run zmward backup drill --copy, or attest backup-drill")
_STATES: Final[dict[Standing, tuple[State, str]]] = {
    "bad": ("bad", mark("repair the backup, then run zmward backup drill again")),
    "old": ("bad", mark("run zmward backup drill --copy with this copy")),
    "ahead": ("unknown", mark("see which clock is wrong")),
    "partly": (
        "unknown",
        mark("see what hindered it, or say with `holds` what it is for"),
    ),
    "never": ("unknown", _DRILL),
    "well": ("well", ""),
}


def _attested(
    profile: Profile, subject: str, aspect: Aspect, today: date, copy: str = ""
) -> Found | None:
    """Return what the profile says, None where it never said anything."""
    found = profile.attested(subject, today)
    if found:
        text = f"{subject}: attested by {found.by} on {found.on}, until {found.until}"
        return Found(copy, aspect, "well", text)
    lapsed = [a for a in profile.attestation if a.subject == subject]
    if not lapsed:
        return None
    last = max(lapsed, key=lambda a: a.until)
    text = f"{subject}: attested by {last.by} on {last.on}, until {last.until}"
    step = mark("look again, then renew the attestation")
    return Found(copy, aspect, "bad", text, step)


def _off_site(
    profile: Profile, listings: Iterable[Listing], found: Iterable[Found], today: date
) -> Found:
    far = [one.copy.name for one in listings if one.copy.off_site]
    # A copy whose age is not well is no copy of what would be lost.
    stale = {
        one.copy
        for one in found
        if one.state != "well" and one.aspect in {"place", "age"}
    }
    fresh = [name for name in far if name not in stale]
    if fresh:
        return Found("", "off-site", "well", f"in another place: {', '.join(fresh)}")
    said = _attested(profile, "backup-offsite", "off-site", today)
    if said:
        return said
    if far:
        text = f"in another place, but not fresh or not seen: {', '.join(far)}"
        return Found("", "off-site", "bad", text, mark("see why it is not"))
    text = "no copy is marked off-site, and backup-offsite is not attested"
    return Found("", "off-site", "unknown", text, _ASK)


def _rehearsed(profile: Profile, one: Rehearsed, today: date) -> Found:
    """Return how one copy stands: by its drill, or by a word that counts more."""
    word = profile.attested("backup-drill", today)
    if one.outweighed(word.on if word else date.min):
        said = _attested(profile, "backup-drill", "drill", today, one.copy)
        if said:
            return said
    state, step = _STATES[one.standing]
    text = one.text
    if one.standing == "old":
        text = f"{text}; {profile.thresholds.drill_days} days wanted"
    return Found(one.copy, "drill", state, text, step)


def _drills(
    profile: Profile, listings: tuple[Listing, ...], drills: Drills, today: date
) -> Iterator[Found]:
    site, days = profile.backups, profile.thresholds.drill_days
    last = {one.copy: one for one in drills.last}
    for listing in listings:
        copy = listing.copy
        drill = last.get(copy.name)
        one = rehearsed(copy.name, drill, site.held(copy), days, today)
        yield _rehearsed(profile, one, today)
    for text in drills.refused:
        step = mark("see who wrote it, remove it, then run zmward backup drill again")
        yield Found("", "drill", "unknown", text, step)
    if not listings and not drills.refused:
        said = _attested(profile, "backup-drill", "drill", today)
        text = "no copy is known that could be rehearsed"
        yield said or Found("", "drill", "unknown", text, _DRILL)


def together(
    profile: Profile,
    listings: tuple[Listing, ...],
    found: tuple[Found, ...],
    drills: Drills,
    now: datetime,
) -> Iterator[Found]:
    """Yield what is to say beside the listings; `drills` are the last of each copy."""
    today = now.astimezone(UTC).date()
    yield _off_site(profile, listings, found, today)
    if any(one.encrypted for one in listings):
        said = _attested(profile, "backup-key", "key", today)
        text = "where the key is kept, apart from the backup, is not attested"
        yield said or Found("", "key", "unknown", text, _ASK)
    said = _attested(profile, "snapshots", "snapshots", today)
    text = "snapshots of the machine are not seen from within"
    yield said or Found("", "snapshots", "unknown", text, _ASK)
    yield from _drills(profile, listings, drills, today)
