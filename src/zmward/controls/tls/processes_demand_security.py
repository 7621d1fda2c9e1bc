"""Zimbra's servers demand TLS of each other."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="processes-demand-security",
    title="Zimbra's servers demand TLS of each other",
    why=(
        "Without it nodes fall back to clear text among themselves whenever TLS is not"
        " at hand."
    ),
    impact="Every node must speak TLS with the others.",
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=(),
    locks_out="the node itself, if it does not trust the certificates of the others",
    check=localconfig("zimbra_require_interprocess_security", exactly("1")),
    refs=(),
    note=(
        "Java then also asks the directory with StartTLS, where ldap_starttls_supported"
        " says so: the directory's certificate must be one that the node trusts."
    ),
    examples=(
        passes(localconfig={}),
        fails(localconfig={"zimbra_require_interprocess_security": "0"}),
        unsure(missing=("localconfig",)),
    ),
)
