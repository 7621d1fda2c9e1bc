"""Spam goes to the Junk folder at a useful level."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import global_attr
from zmward.controls.shapes.wanted import (
    between,
)

CONTROL = Control(
    id="spam-reaches-the-junk-folder",
    title="Spam goes to the Junk folder at a useful level",
    why="With a high level spam lands in the inbox, where phishing works.",
    impact="More mail lands in Junk; users look there for what they miss.",
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=global_attr("zimbraSpamTagPercent", between(15, 40, cure=33)),
    refs=(),
    examples=(
        passes(config={"zimbraSpamTagPercent": "33"}),
        fails(config={"zimbraSpamTagPercent": "80"}),
        unsure(missing=("ldap-config",)),
    ),
)
