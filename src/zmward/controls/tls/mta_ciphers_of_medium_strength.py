"""Postfix takes ciphers of medium strength and better only."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.outside_tls import MTA_PORTS, ciphers, on
from zmward.controls.shapes.wanted import (
    one_of,
)

_GOOD = {
    "zimbraMtaSmtpdTlsCiphers": "medium",
    "zimbraMtaSmtpdTlsMandatoryCiphers": "high",
    "zimbraMtaSmtpTlsCiphers": "medium",
}
_LIVE = {
    "smtpd_tls_ciphers": "medium",
    "smtpd_tls_mandatory_ciphers": "high",
    "smtp_tls_ciphers": "medium",
}

CONTROL = Control(
    id="mta-ciphers-of-medium-strength",
    title="Postfix takes ciphers of medium strength and better only",
    why=(
        "Zimbra ships export for incoming mail; where Postfix and OpenSSL still know "
        "such ciphers, traffic protected by them is readable."
    ),
    impact="Servers that know weak ciphers only deliver in the clear instead.",
    severity=Severity.LOW,
    tips=("T31",),
    roles=("mta",),
    check=layers(
        mta_setting("zimbraMtaSmtpdTlsCiphers", one_of("medium", "high")),
        mta_setting("zimbraMtaSmtpdTlsMandatoryCiphers", one_of("medium", "high")),
        mta_setting("zimbraMtaSmtpTlsCiphers", one_of("medium", "high")),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_tls_ciphers",),
    note=(
        "Postfix 3.8 and newer reads export and low as medium, and OpenSSL 1.1 has no "
        "such ciphers any more, which is why this is advice. Incoming opportunistic "
        "TLS, port 465 and outgoing mail have an attribute each."
    ),
    outside=ciphers(
        on(*MTA_PORTS),
        "broken",
        "ciphers of 112 bits and more",
        "On the host this control sets zimbraMtaSmtpdTlsCiphers and, for port 465, "
        "zimbraMtaSmtpdTlsMandatoryCiphers.",
        port=25,
    ),
    examples=(
        passes(config=_GOOD, postconf=_LIVE),
        fails(
            config={**_GOOD, "zimbraMtaSmtpdTlsCiphers": "export"},
            postconf={**_LIVE, "smtpd_tls_ciphers": "export"},
        ),
        fails(config=_GOOD, postconf={**_LIVE, "smtp_tls_ciphers": "null"}),
        unsure(config=_GOOD),
    ),
)
