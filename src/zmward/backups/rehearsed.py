"""How the rehearsals of a copy stand: what its last drill proves, or that none was."""

from collections.abc import Sequence
from datetime import UTC, date
from typing import Literal

import msgspec

from zmward.backup_places import Subject
from zmward.sources.backup_drill import Drill

Standing = Literal["bad", "old", "ahead", "partly", "never", "well"]


class Rehearsed(msgspec.Struct, frozen=True):
    """How one copy stands; `on` is the day of its last drill, None where there is none.

    bad: it did not restore. old: the drill, or the backup that it restored, is older
    than allowed. ahead: by the clock it is still to come. partly: something that the
    copy holds was not tried. never: nobody rehearsed it.
    """

    copy: str
    standing: Standing
    text: str
    on: date | None = None

    def outweighed(self, on: date) -> bool:
        """Say whether somebody's word of that day counts more than the drill."""
        if self.on is None:
            return True
        return self.standing in {"bad", "old", "partly"} and on > self.on


def rehearsed(
    copy: str,
    drill: Drill | None,
    wanted: Sequence[Subject],
    days: int,
    today: date,
) -> Rehearsed:
    """Judge the last drill of a copy that holds `wanted`, at most `days` old."""
    if drill is None:
        return Rehearsed(copy, "never", f"{copy} was never rehearsed")
    on = drill.began.astimezone(UTC).date()
    old = (today - drill.proves.astimezone(UTC).date()).days
    parts = ", ".join(f"{part.subject} {part.state}" for part in drill.parts)
    text = f"drill of {on} with {copy}: {parts}"
    if old != (today - on).days:
        text += f", of a backup {old} days old"
    states = {part.subject: part.state for part in drill.parts}
    left = [subject for subject in wanted if subject not in states]
    standing: Standing
    if "bad" in states.values():
        standing = "bad"
    elif on > today:
        standing, text = "ahead", f"{text}: still to come, by the clock"
    elif old > days:
        standing = "old"
    elif left or "unknown" in states.values():
        standing = "partly"
        text += f"; {', '.join(left)} not tried" if left else ""
    else:
        standing = "well"
    return Rehearsed(copy, standing, text, on)
