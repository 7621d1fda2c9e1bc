"""Postfix rejects senders of our own domains that do not exist."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="mta-rejects-unknown-local-senders",
    title="Postfix rejects senders of our own domains that do not exist",
    why=(
        "Mail from an invented address of one's own domain is trusted by its readers; "
        "without this nobody checks that the sender exists."
    ),
    impact=(
        "Programs that send from an address that does not exist here are refused, also"
        " from trusted networks."
    ),
    severity=Severity.MEDIUM,
    tips=("T16",),
    roles=("mta",),
    locks_out="devices and programs that send from invented local addresses",
    check=mta_setting(
        "zimbraMtaSmtpdRejectUnlistedSender", exactly("yes"), ports=(25, 465, 587)
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_reject_unlisted_sender",),
    examples=(
        passes(
            config={"zimbraMtaSmtpdRejectUnlistedSender": "yes"},
            postconf={"smtpd_reject_unlisted_sender": "yes"},
        ),
        fails(
            config={"zimbraMtaSmtpdRejectUnlistedSender": "no"},
            postconf={"smtpd_reject_unlisted_sender": "no"},
        ),
        fails(
            config={"zimbraMtaSmtpdRejectUnlistedSender": "yes"},
            postconf={"smtpd_reject_unlisted_sender": "no"},
        ),
        unsure(config={"zimbraMtaSmtpdRejectUnlistedSender": "yes"}),
    ),
)
