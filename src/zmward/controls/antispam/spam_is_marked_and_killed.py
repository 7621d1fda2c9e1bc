"""Spam is marked and killed at useful levels."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.antispam._filters import where_filtered
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.wanted import between

_GOOD = {"zimbraSpamKillPercent": "75", "zimbraSpamTagPercent": "33"}

CONTROL = Control(
    id="spam-is-marked-and-killed",
    title="Spam is marked and killed at useful levels",
    why=(
        "With a high level spam lands in the inbox unmarked, where phishing works; it "
        "is judged against 20 points."
    ),
    impact=(
        "More spam is moved to Junk or discarded, and sometimes a wanted mail with it."
    ),
    locks_out="senders of wanted mail that looks like spam",
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=where_filtered(
        layers(
            global_attr("zimbraSpamKillPercent", between(25, 100, cure=75)),
            global_attr("zimbraSpamTagPercent", between(10, 50, cure=33)),
        )
    ),
    formerly=("spam-reaches-the-junk-folder",),
    refs=(),
    note=(
        "Percentages of 20 points. zimbraSpamKillPercent (75 as shipped, a score of "
        "15) discards; zimbraSpamTagPercent (33, a score of 6.6) sends to Junk. Only "
        "levels that switch the filter off in effect are findings: a tag above 50 or "
        "a kill above 100."
    ),
    examples=(
        passes(config=_GOOD),
        passes(config={**_GOOD, "zimbraSpamKillPercent": "100"}),
        fails(config={**_GOOD, "zimbraSpamKillPercent": "500"}),
        fails(config={**_GOOD, "zimbraSpamTagPercent": "80"}),
        unconcerned(config=_GOOD, services=("mta",)),
        unsure(missing=("ldap-config",)),
    ),
)
