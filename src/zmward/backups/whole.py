"""What no single copy shows: another place, the key, snapshots, a rehearsed restore."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from zmward.backups.listing import Aspect, Found, Listing
from zmward.backups.rehearsal import Rehearsal
from zmward.i18n import mark
from zmward.profile import Profile

_ASK = mark("attest it in the profile, with an end")


def _attested(
    profile: Profile, subject: str, aspect: Aspect, today: date
) -> Found | None:
    """Return what the profile says, None where it never said anything."""
    found = profile.attested(subject, today)
    if found:
        text = f"{subject}: attested by {found.by} on {found.on}, until {found.until}"
        return Found("", aspect, "well", text)
    lapsed = [a for a in profile.attestation if a.subject == subject]
    if not lapsed:
        return None
    last = max(lapsed, key=lambda a: a.until)
    text = f"{subject}: attested by {last.by} on {last.on}, until {last.until}"
    step = mark("look again, then renew the attestation")
    return Found("", aspect, "bad", text, step)


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


def _drill(
    profile: Profile, last: Rehearsal | None, now: datetime, reason: str
) -> Found:
    days = profile.thresholds.drill_days
    if last is not None:
        passed = last.days(now)
        text = f"last drill {max(passed, 0):.0f} days ago: {last.words}"
        if passed < -1:
            step = mark("see which clock is wrong")
            return Found(
                "", "drill", "unknown", "the last drill is still to come", step
            )
        # A drill proves no more than the backup that it restored.
        old = last.backup_days(now)
        if last.state == "well" and old <= days:
            return Found("", "drill", "well", text)
        if last.state == "bad":
            step = mark("repair the backup, then run zmward backup drill again")
            return Found("", "drill", "bad", text, step)
        if old > days:
            step = mark("run zmward backup drill")
            text = f"{text}, of a backup {old:.0f} days old; {days} days wanted"
            return Found("", "drill", "bad", text, step)
    said = _attested(profile, "backup-drill", "drill", now.astimezone(UTC).date())
    if said:
        return said
    text = reason or (
        "no restore was rehearsed here"
        if last is None
        else f"the last drill could not do all: {last.words}"
    )
    return Found("", "drill", "unknown", text, mark("run zmward backup drill"))


def together(
    profile: Profile,
    listings: tuple[Listing, ...],
    found: tuple[Found, ...],
    drill: tuple[Rehearsal | None, str],
    now: datetime,
) -> Iterator[Found]:
    """Yield what is to say about all copies; `drill` is the last one, or why none."""
    today = now.astimezone(UTC).date()
    yield _off_site(profile, listings, found, today)
    if any(one.encrypted for one in listings):
        said = _attested(profile, "backup-key", "key", today)
        text = "where the key is kept, apart from the backup, is not attested"
        yield said or Found("", "key", "unknown", text, _ASK)
    said = _attested(profile, "snapshots", "snapshots", today)
    text = "snapshots of the machine are not seen from within"
    yield said or Found("", "snapshots", "unknown", text, _ASK)
    yield _drill(profile, drill[0], now, drill[1])
