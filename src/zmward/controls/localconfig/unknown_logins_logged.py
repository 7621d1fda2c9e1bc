"""Logins with names that do not exist are logged."""

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="unknown-logins-logged",
    title="Logins with names that do not exist are logged",
    why=(
        "Guessing starts with names; without the line neither fail2ban nor a "
        "person sees it in audit.log."
    ),
    impact="audit.log grows with every guessed name.",
    severity=Severity.MEDIUM,
    tips=("T05", "T32"),
    roles=("mailbox",),
    check=localconfig("zimbra_additional_logging", exactly("true"), role="mailbox"),
    refs=(),
    note=(
        "Without it only mailbox.log tells of such an attempt, so that neither jails "
        "on audit.log nor zmauditswatch count it. With it a client can put line ends "
        "into such a name: `zmward logs follow` counts its first line, and tells what "
        "stands from there to the last such name of the same second without addresses."
    ),
    examples=(
        passes(localconfig={"zimbra_additional_logging": "true"}),
        fails(localconfig={"zimbra_additional_logging": "false"}),
        fails(localconfig={}),
        unsure(missing=("localconfig",)),
        unconcerned(services=("mta",), localconfig={}),
    ),
)
