"""Postfix offers TLS to everybody and forces it on nobody."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="mta-offers-tls-opportunistically",
    title="Postfix offers TLS to everybody and forces it on nobody",
    why=(
        "Without STARTTLS all mail arrives readable; with forced TLS on port 25 "
        "senders that have none cannot deliver at all, which RFC 3207 forbids for a "
        "public server."
    ),
    impact="Nothing is refused: who can do TLS uses it.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("mta",),
    check=mta_setting("zimbraMtaTlsSecurityLevel", exactly("may")),
    refs=(
        "https://www.rfc-editor.org/rfc/rfc3207",
        "https://www.postfix.org/postconf.5.html#smtpd_tls_security_level",
    ),
    note=(
        "The attribute knows may and none only; encrypt can only come from hand-made "
        "postconf. Logins are protected by zimbraMtaTlsAuthOnly."
    ),
    examples=(
        passes(
            config={"zimbraMtaTlsSecurityLevel": "may"},
            postconf={"smtpd_tls_security_level": "may"},
        ),
        fails(
            config={"zimbraMtaTlsSecurityLevel": "none"},
            postconf={"smtpd_tls_security_level": "none"},
        ),
        fails(
            config={"zimbraMtaTlsSecurityLevel": "may"},
            postconf={"smtpd_tls_security_level": "none"},
        ),
        unsure(config={"zimbraMtaTlsSecurityLevel": "may"}),
    ),
)
