"""Postfix hangs up on clients that keep making errors."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import between

CONTROL = Control(
    id="mta-gives-up-on-erring-clients",
    title="Postfix hangs up on clients that keep making errors",
    why=(
        "A client that collects unknown recipients or wrong passwords is probing; a "
        "low limit makes that slow."
    ),
    impact="A client is disconnected after that many errors in one session.",
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=mta_setting("zimbraMtaSmtpdHardErrorLimit", between(1, 100, cure=20)),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_hard_error_limit",),
    examples=(
        passes(
            config={"zimbraMtaSmtpdHardErrorLimit": "20"},
            postconf={"smtpd_hard_error_limit": "20"},
        ),
        fails(
            config={"zimbraMtaSmtpdHardErrorLimit": "1000"},
            postconf={"smtpd_hard_error_limit": "1000"},
        ),
        fails(
            config={"zimbraMtaSmtpdHardErrorLimit": "20"},
            postconf={"smtpd_hard_error_limit": "1000"},
        ),
        unsure(config={"zimbraMtaSmtpdHardErrorLimit": "20"}),
    ),
)
