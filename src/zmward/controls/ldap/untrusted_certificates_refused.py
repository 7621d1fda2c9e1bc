"""Zimbra's services check certificates."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="untrusted-certificates-refused",
    title="Zimbra's services refuse certificates that nobody signed",
    why="A check that accepts everything lets anyone on the path sit in between.",
    impact="Connections to servers with certificates of their own making fail.",
    severity=Severity.MEDIUM,
    tips=("T31", "S6"),
    locks_out="external accounts and directories with untrusted certificates",
    check=localconfig("ssl_allow_untrusted_certs", exactly("false")),
    refs=(),
    note="Trust the certificate instead: `zmcertmgr addcacert`.",
    formerly=("certificates-of-others-verified",),
    examples=(
        passes(localconfig={}),
        fails(localconfig={"ssl_allow_untrusted_certs": "true"}),
        unsure(missing=("localconfig",)),
    ),
)
