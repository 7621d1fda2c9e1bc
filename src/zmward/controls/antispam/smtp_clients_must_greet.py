"""Postfix talks only to clients that say HELO."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="smtp-clients-must-greet",
    title="Postfix talks only to clients that say HELO",
    why=(
        "Many spam programs leave the greeting out, and every check of the greeting "
        "needs one."
    ),
    impact=(
        "A client that sends no HELO or EHLO is refused; no real mail server does that."
    ),
    severity=Severity.LOW,
    tips=("T18",),
    roles=("mta",),
    check=mta_setting("zimbraMtaSmtpdHeloRequired", exactly("yes")),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_helo_required",),
    examples=(
        passes(
            config={"zimbraMtaSmtpdHeloRequired": "yes"},
            postconf={"smtpd_helo_required": "yes"},
        ),
        fails(
            config={"zimbraMtaSmtpdHeloRequired": "no"},
            postconf={"smtpd_helo_required": "no"},
        ),
        fails(
            config={"zimbraMtaSmtpdHeloRequired": "yes"},
            postconf={"smtpd_helo_required": "no"},
        ),
        unsure(config={"zimbraMtaSmtpdHeloRequired": "yes"}),
    ),
)
