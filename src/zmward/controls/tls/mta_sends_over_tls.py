"""Postfix sends over TLS wherever the other side can."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import (
    one_of,
)

_ATTR = "zimbraMtaSmtpTlsSecurityLevel"

CONTROL = Control(
    id="mta-sends-over-tls",
    title="Postfix sends over TLS wherever the other side can",
    why="With none, all outgoing mail crosses the internet readable.",
    impact="Nobody is affected: a server without TLS still gets its mail in the clear.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("mta",),
    check=mta_setting(
        "zimbraMtaSmtpTlsSecurityLevel",
        one_of(
            "may", "dane", "dane-only", "encrypt", "verify", "secure", "fingerprint"
        ),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtp_tls_security_level",),
    note=(
        "may is right for a server that delivers by itself; encrypt and stricter suit "
        "one that hands all mail to a relay. dane needs dane-with-dnssec as well."
    ),
    examples=(
        passes(config={_ATTR: "may"}, postconf={"smtp_tls_security_level": "may"}),
        passes(config={_ATTR: "dane"}, postconf={"smtp_tls_security_level": "dane"}),
        fails(config={_ATTR: "none"}, postconf={"smtp_tls_security_level": "none"}),
        fails(config={_ATTR: "may"}, postconf={"smtp_tls_security_level": ""}),
        unsure(config={_ATTR: "may"}),
    ),
)
