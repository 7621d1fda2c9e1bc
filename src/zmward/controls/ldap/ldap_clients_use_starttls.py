"""Zimbra's services talk to the directory inside TLS."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="ldap-clients-use-starttls",
    title="Zimbra's services talk to the directory inside TLS",
    why="The service password, and every user's at each login, cross the wire.",
    impact="Services need a restart; the directory's certificate must be trusted.",
    severity=Severity.MEDIUM,
    tips=("S6", "T31"),
    check=layers(
        localconfig("ldap_starttls_supported", exactly("1")),
        localconfig("ldap_starttls_required", exactly("true")),
        localconfig("zimbra_require_interprocess_security", exactly("1")),
    ),
    refs=("https://www.rfc-editor.org/rfc/rfc4513",),
    note="With ldaps:// in ldap_url StartTLS is not used; the values do no harm then.",
    examples=(
        passes(localconfig={"ldap_starttls_supported": "1"}),
        fails(localconfig={}),
        fails(
            localconfig={
                "ldap_starttls_supported": "1",
                "zimbra_require_interprocess_security": "0",
            }
        ),
        unsure(missing=("localconfig",)),
    ),
)
