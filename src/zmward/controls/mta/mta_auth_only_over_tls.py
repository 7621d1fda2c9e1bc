"""Postfix offers SMTP AUTH only inside TLS."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.node import postconf
from zmward.controls.shapes.wanted import exactly

CONTROL = Control(
    id="mta-auth-only-over-tls",
    title="Postfix offers SMTP AUTH only inside TLS",
    why="Without TLS, anyone on the path reads the user's password.",
    impact="A mail client that cannot do STARTTLS can no longer send.",
    severity=Severity.HIGH,
    tips=("T11",),
    roles=("mta",),
    check=layers(
        server_attr("zimbraMtaTlsAuthOnly", exactly("TRUE"), role="mta"),
        postconf(
            "smtpd_tls_auth_only", exactly("yes"), attribute="zimbraMtaTlsAuthOnly"
        ),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_tls_auth_only",),
    examples=(
        passes(
            config={"zimbraMtaTlsAuthOnly": "TRUE"},
            postconf={"smtpd_tls_auth_only": "yes"},
        ),
        fails(
            config={"zimbraMtaTlsAuthOnly": "FALSE"},
            postconf={"smtpd_tls_auth_only": "no"},
        ),
        fails(
            config={"zimbraMtaTlsAuthOnly": "TRUE"},
            postconf={"smtpd_tls_auth_only": "no"},
        ),
        unsure(config={"zimbraMtaTlsAuthOnly": "TRUE"}),
    ),
)
