"""How the backups stand: age, size, gaps, retention, encryption; what is not known.

Every series of backups that a place holds is judged by itself, so that one which is
fresh hides none that stopped.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

from zmward.backup_places import Copy
from zmward.backups.listing import Aspect, Backup, Found, Listing, State, shown
from zmward.i18n import mark

_HOUR: Final = 3600.0
_DAY: Final = 86_400.0
# Clocks of hosts differ; what is further ahead says that one of them is wrong.
_AHEAD: Final = _HOUR
_GAP_DAYS: Final = 14
_SHRUNK: Final = 0.5
_HISTORY: Final = 10
_MIB: Final = 1 << 20
_NAMED: Final = 3
# A full session a week, and what it takes to make it.
_FULL_DAYS: Final = 8
_GAPS: Final = 2


def _age(seconds: float) -> str:
    return f"{seconds / _HOUR:.0f} hours" if seconds < 3 * _DAY else _days(seconds)


def _days(seconds: float) -> str:
    return f"{seconds / _DAY:.0f} days"


def size(count: float) -> str:
    """Return a number of bytes in words."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:  # noqa: PLR2004  # the next unit
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def most_hours(copy: Copy, usual: int) -> int:
    """Return how old the newest backup of a copy may be."""
    return copy.hours or usual


def _by_series(backups: Iterable[Backup]) -> dict[str, list[Backup]]:
    found: dict[str, list[Backup]] = {}
    for one in backups:
        found.setdefault(one.series, []).append(one)
    return found


class _Judge:
    """One listing at one time; each method judges one aspect of one series."""

    def __init__(self, listing: Listing, now: datetime, hours: int) -> None:
        self._listing, self._copy = listing, listing.copy
        self._now, self._hours = now.timestamp(), most_hours(listing.copy, hours)

    def _found(self, aspect: Aspect, state: State, text: str, step: str = "") -> Found:
        return Found(self._copy.name, aspect, state, text, step)

    def _called(self, name: str, text: str) -> str:
        return f"{shown(name)}: {text}" if name else text

    def age(self, name: str, backups: list[Backup]) -> Found:
        newest = backups[0]
        seconds = self._now - newest.when
        if seconds < -_AHEAD:
            text = self._called(name, f"the newest is {_age(-seconds)} ahead of now")
            step = mark("see which clock is wrong")
            return self._found("age", "unknown", text, step)
        text = self._called(
            name,
            f"newest {_age(max(seconds, 0.0))} old, at most {self._hours} hours wanted",
        )
        if seconds <= self._hours * _HOUR:
            return self._found("age", "well", text)
        step = mark(
            "see why it stopped; a series that was given up is left out by `pattern`, "
            "or removed"
        )
        return self._found("age", "bad", text, step)

    def size(self, name: str, backups: list[Backup]) -> Found:
        newest = backups[0]
        if newest.size is None:
            text = self._called(name, "the size of the newest is not known")
            step = mark("look at it: an empty backup is fresh as well")
            return self._found("size", "unknown", text, step)
        least = self._copy.least_mib * _MIB
        if newest.size < max(least, 1):
            text = f"{size(newest.size)}, at least {size(max(least, 1))} wanted"
            step = mark("see what it leaves out, before older ones are removed")
            return self._found("size", "bad", self._called(name, text), step)
        return self._shrunk(name, newest, backups[1:], judged=bool(least))

    def _shrunk(
        self, name: str, newest: Backup, before: list[Backup], *, judged: bool
    ) -> Found:
        own = newest.size or 0
        sizes = [b.size for b in before[:_HISTORY] if b.size is not None]
        if not sizes:
            text = self._called(name, f"{size(own)}; none before it to compare with")
            if judged:
                return self._found("size", "well", text)
            step = mark("say with `least-mib` what is plausible")
            return self._found("size", "unknown", text, step)
        usual = median(sizes)
        text = self._called(name, f"{size(own)}, {size(usual)} is usual")
        if own < usual * _SHRUNK:
            step = mark("see what it leaves out, before older ones are removed")
            return self._found("size", "bad", text, step)
        return self._found("size", "well", text)

    def gaps(self, name: str, backups: list[Backup]) -> Iterator[Found]:
        recent = [b.when for b in backups if self._now - b.when <= _GAP_DAYS * _DAY]
        if len(recent) <= 1:
            return
        longest = max(later - earlier for later, earlier in pairwise(recent))
        text = self._called(
            name, f"longest pause within {_GAP_DAYS} days: {_age(longest)}"
        )
        if longest <= _GAPS * self._hours * _HOUR:
            yield self._found("gaps", "well", text)
            return
        step = mark("see what hindered it; the days between cannot be restored")
        yield self._found("gaps", "bad", text, step)

    def retention(self, backups: tuple[Backup, ...]) -> Iterator[Found]:
        wanted = self._copy.keep_days
        if not wanted or self._copy.kind == "ng-store":
            return
        back = self._now - min(b.when for b in backups)
        text = f"reaches back {_days(max(back, 0.0))}, {wanted} days wanted"
        if back >= (wanted - 1) * _DAY:
            yield self._found("retention", "well", text)
            return
        step = mark("keep more: what was destroyed unnoticed is found in old ones only")
        yield self._found("retention", "bad", text, step)

    def fulls(self, backups: tuple[Backup, ...]) -> Found:
        """Judge the full sessions, without which an incremental restores nothing."""
        full = [b for b in backups if b.part == "full"]
        if not full:
            step = mark("make one: zmbackup -f -a all")
            return self._found("age", "bad", "no full session", step)
        seconds = self._now - full[0].when
        text = f"newest full session {_age(max(seconds, 0.0))} old"
        if seconds <= _FULL_DAYS * _DAY:
            return self._found("age", "well", text)
        step = mark("make one: zmbackup -f -a all")
        return self._found("age", "bad", f"{text}, {_FULL_DAYS} days wanted", step)

    def unfinished(self, backups: tuple[Backup, ...]) -> Iterator[Found]:
        odd = [b.name for b in backups if b.whole is False]
        if odd:
            more = f" and {len(odd) - _NAMED} more" if len(odd) > _NAMED else ""
            text = f"not finished: {shown(', '.join(odd[:_NAMED]))}{more}"
            step = mark("they do not count; see why they broke off")
            yield self._found("place", "bad", text, step)

    def encryption(self) -> Found:
        known, place = self._listing.encrypted, self._copy.place
        if known:
            return self._found("encryption", "well", "encrypted")
        if known is None:
            step = mark("look how it was made")
            return self._found("encryption", "unknown", "not known", step)
        return self._plain(place)

    def _plain(self, place: str) -> Found:
        if self._copy.password_file:
            text = "plain, though the profile names a password for it"
            step = mark("see whether somebody put another repository in its place")
            return self._found("encryption", "bad", text, step)
        if self._copy.off_site:
            step = mark("encrypt it before it leaves the house")
            return self._found("encryption", "bad", "off-site, and plain", step)
        if self._listing.open_to is None:
            text = f"plain, and who else reads {place} is not known"
            step = mark("look who may read it, or encrypt it")
            return self._found("encryption", "unknown", text, step)
        if self._listing.open_to:
            text = f"plain, and {place} is open to {self._listing.open_to}"
            step = mark("take the others' right to read it")
            return self._found("encryption", "bad", text, step)
        text = f"plain; {place} is open to its owner alone"
        return self._found("encryption", "well", text)

    def judged(self) -> Iterator[Found]:
        for trouble in self._listing.troubles:
            yield self._found(trouble.aspect, trouble.state, trouble.text, trouble.step)
        if not self._listing.known:
            return
        every = self._listing.backups
        whole = tuple(b for b in every if b.whole is not False)
        yield from self.unfinished(every)
        if not whole:
            step = mark("make a backup, or see where they are made")
            yield self._found("age", "bad", "there is no backup", step)
            return
        yield from self._each(whole)
        yield from self.retention(whole)
        yield self.encryption()

    def _each(self, whole: tuple[Backup, ...]) -> Iterator[Found]:
        chains = _by_series(whole)
        for name, backups in chains.items():
            called = name if len(chains) > 1 else ""
            yield self.age(called, backups)
            yield from self.gaps(called, backups)
            parts = {b.part: None for b in backups}
            for part in parts:
                same = [b for b in backups if b.part == part]
                # Incremental sessions are as large as the day was busy.
                if part != "incr":
                    yield self.size(called, same)
        if self._copy.kind == "ne-sessions":
            yield self.fulls(whole)


def judged(listing: Listing, now: datetime, hours: int) -> tuple[Found, ...]:
    """Return all that is to say about a copy; `hours` is the site's usual limit."""
    return tuple(_Judge(listing, now, hours).judged())
