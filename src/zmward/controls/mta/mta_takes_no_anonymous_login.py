"""SMTP AUTH takes no anonymous login."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import contains, matching

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
    check=mta_setting(
        "zimbraMtaSmtpdSaslSecurityOptions",
        contains("noanonymous"),
        rendered=matching(r"(.*[ ,])?noanonymous([ ,].*)?", "among them: noanonymous"),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_sasl_security_options",),
    examples=(
        passes(
            config={"zimbraMtaSmtpdSaslSecurityOptions": "noanonymous"},
            postconf={"smtpd_sasl_security_options": "noanonymous"},
        ),
        fails(
            config={"zimbraMtaSmtpdSaslSecurityOptions": "noactive"},
            postconf={"smtpd_sasl_security_options": "noactive"},
        ),
        fails(
            config={"zimbraMtaSmtpdSaslSecurityOptions": "noanonymous"},
            postconf={"smtpd_sasl_security_options": "noactive"},
        ),
        unsure(config={"zimbraMtaSmtpdSaslSecurityOptions": "noanonymous"}),
    ),
)
