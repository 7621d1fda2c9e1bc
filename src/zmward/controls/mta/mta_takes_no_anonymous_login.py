"""SMTP AUTH takes no anonymous login."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.node import postconf
from zmward.controls.shapes.outside_smtp import no_anonymous_login
from zmward.controls.shapes.wanted import contains, matching

_IN_TLS = "smtpd_sasl_tls_security_options"
_NAMED = matching(
    r"(.*[ ,])?(noanonymous|\$\{?smtpd_sasl_security_options\}?)([ ,].*)?",
    "among them: noanonymous",
)
_INHERITS = {_IN_TLS: "$smtpd_sasl_security_options"}

CONTROL = Control(
    id="mta-takes-no-anonymous-login",
    title="SMTP AUTH takes no anonymous login",
    why=(
        "An anonymous mechanism makes everybody an authenticated sender: the server is"
        " an open relay."
    ),
    impact="Nobody who has a password is affected.",
    severity=Severity.HIGH,
    tips=("T11",),
    roles=("mta",),
    check=layers(
        mta_setting(
            "zimbraMtaSmtpdSaslSecurityOptions",
            contains("noanonymous"),
            rendered=_NAMED,
            ports=(25, 465, 587),
        ),
        postconf(_IN_TLS, _NAMED, attribute="zimbraMtaSmtpdSaslTlsSecurityOptions"),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_sasl_security_options",),
    note=(
        "Inside TLS, where Zimbra offers AUTH, smtpd_sasl_tls_security_options counts; "
        "as shipped it repeats smtpd_sasl_security_options."
    ),
    examples=(
        passes(
            config={"zimbraMtaSmtpdSaslSecurityOptions": "noanonymous"},
            postconf={**_INHERITS, "smtpd_sasl_security_options": "noanonymous"},
        ),
        fails(
            config={"zimbraMtaSmtpdSaslSecurityOptions": "noactive"},
            postconf={**_INHERITS, "smtpd_sasl_security_options": "noactive"},
        ),
        fails(
            config={"zimbraMtaSmtpdSaslSecurityOptions": "noanonymous"},
            postconf={**_INHERITS, "smtpd_sasl_security_options": "noactive"},
        ),
        fails(
            config={"zimbraMtaSmtpdSaslSecurityOptions": "noanonymous"},
            postconf={"smtpd_sasl_security_options": "noanonymous", _IN_TLS: ""},
        ),
        unsure(config={"zimbraMtaSmtpdSaslSecurityOptions": "noanonymous"}),
    ),
    outside=no_anonymous_login(),
)
