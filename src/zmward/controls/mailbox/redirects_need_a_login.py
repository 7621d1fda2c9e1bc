"""The pre-authentication servlet sends strangers nowhere."""

from zmward.control import Control, Severity
from zmward.controls.shapes.from_outside import only_from_outside
from zmward.controls.shapes.outside_http_doors import preauth_sends_nobody_away

CONTROL = Control(
    id="redirects-need-a-login",
    title="The pre-authentication servlet sends strangers nowhere",
    why="An open redirect lends the name of the mail server to phishing pages.",
    impact="None: links of portals carry a signature or a token.",
    severity=Severity.MEDIUM,
    tips=("T25",),
    roles=("mailbox",),
    check=only_from_outside(),
    refs=("https://nvd.nist.gov/vuln/detail/CVE-2021-34807",),
    note=(
        "The look has neither account nor signature, and the target's name can never "
        "exist. What happens after a login: redirects-after-login-stay-home."
    ),
    examples=(),
    outside=preauth_sends_nobody_away(),
)
