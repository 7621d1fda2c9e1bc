"""The mailbox server believes no unknown certificate."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="certificates-of-others-verified",
    title="The mailbox server believes no unknown certificate",
    why=(
        "With it, whoever stands between this server and an external account or feed "
        "reads the password."
    ),
    impact=(
        "External accounts whose server has a self-signed certificate no longer work."
    ),
    severity=Severity.MEDIUM,
    tips=("T31",),
    roles=("mailbox",),
    locks_out="users whose external account has a self-signed certificate",
    check=localconfig("ssl_allow_untrusted_certs", exactly("false"), role="mailbox"),
    refs=(),
    examples=(
        passes(localconfig={}),
        fails(localconfig={"ssl_allow_untrusted_certs": "true"}),
        unsure(missing=("localconfig",)),
    ),
)
