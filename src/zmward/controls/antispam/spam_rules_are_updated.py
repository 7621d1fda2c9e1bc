"""SpamAssassin's rules are updated, and taken up."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="spam-rules-are-updated",
    title="SpamAssassin's rules are updated, and taken up",
    why=(
        "Spam changes weekly; the rules that came with the installation are months old."
    ),
    impact="The filter restarts after an update, for seconds.",
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=layers(
        localconfig("antispam_enable_rule_updates", exactly("true"), role="antispam"),
        localconfig("antispam_enable_restarts", exactly("true"), role="antispam"),
    ),
    refs=(),
    note=(
        "zmsaupdate runs from zimbra's crontab and does nothing while these are false."
    ),
    examples=(
        passes(
            localconfig={
                "antispam_enable_rule_updates": "true",
                "antispam_enable_restarts": "true",
            }
        ),
        fails(
            localconfig={
                "antispam_enable_rule_updates": "true",
                "antispam_enable_restarts": "false",
            }
        ),
        fails(localconfig={}),
        unsure(missing=("localconfig",)),
    ),
)
