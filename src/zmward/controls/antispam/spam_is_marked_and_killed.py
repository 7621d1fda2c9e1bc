"""Spam is marked and killed at useful levels."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.wanted import (
    between,
)

CONTROL = Control(
    id="spam-is-marked-and-killed",
    title="Spam is marked and killed at useful levels",
    why=(
        "Levels that are too high let spam through unmarked; it is judged against 20 "
        "points."
    ),
    impact=(
        "More spam is moved to Junk or discarded, and sometimes a wanted mail with it."
    ),
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=global_attr("zimbraSpamKillPercent", between(25, 75, cure=75)),
    refs=(),
    note=(
        "A percentage of 20 points: 75 is a score of 15. zimbraSpamTagPercent (33 by "
        "default, a score of 6.6) marks mail as Junk; see "
        "spam-reaches-the-junk-folder."
    ),
    examples=(
        passes(config={"zimbraSpamKillPercent": "75"}),
        fails(config={"zimbraSpamKillPercent": "100"}),
        unsure(missing=("ldap-config",)),
    ),
)
