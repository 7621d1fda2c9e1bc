"""STARTTLS on ports 25 and 587 never falls to SSL."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import mta_setting, without_ssl

CONTROL = Control(
    id="mta-starttls-without-ssl",
    title="STARTTLS on ports 25 and 587 never falls to SSL",
    why=(
        "SSL 2 and 3 are broken; a server that still speaks SSL 2 endangers even its "
        "TLS sessions when the key is shared."
    ),
    impact="Nobody who can do TLS is affected.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("mta",),
    check=mta_setting("zimbraMtaSmtpdTlsProtocols", without_ssl()),
    refs=("https://www.postfix.org/postconf.5.html#smtpd_tls_protocols",),
    examples=(
        passes(
            config={"zimbraMtaSmtpdTlsProtocols": "!SSLv2, !SSLv3"},
            postconf={"smtpd_tls_protocols": ">=TLSv1"},
        ),
        fails(
            config={"zimbraMtaSmtpdTlsProtocols": "!SSLv2"},
            postconf={"smtpd_tls_protocols": "!SSLv2"},
        ),
        fails(
            config={"zimbraMtaSmtpdTlsProtocols": "!SSLv2, !SSLv3"},
            postconf={"smtpd_tls_protocols": "!SSLv2"},
        ),
        unsure(config={"zimbraMtaSmtpdTlsProtocols": "!SSLv2, !SSLv3"}),
    ),
)
