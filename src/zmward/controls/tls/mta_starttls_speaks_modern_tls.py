"""STARTTLS on ports 25 and 587 speaks TLS 1.2 and newer."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import modern_tls, mta_setting
from zmward.controls.shapes.outside_tls import modern_protocols, opportunistic

CONTROL = Control(
    id="mta-starttls-speaks-modern-tls",
    title="STARTTLS on ports 25 and 587 speaks TLS 1.2 and newer",
    why=(
        "TLS 1.0 and 1.1 are broken; passwords travel over port 587 under the same "
        "setting as foreign mail over port 25."
    ),
    impact=(
        "Servers that know TLS 1.0 only deliver in the clear instead, and old mail "
        "programs cannot send over port 587."
    ),
    severity=Severity.LOW,
    tips=("T31",),
    roles=("mta",),
    locks_out="users of very old mail programs on port 587",
    check=mta_setting("zimbraMtaSmtpdTlsProtocols", modern_tls(), ports=(25, 587)),
    refs=(
        "https://www.rfc-editor.org/rfc/rfc8996",
        "https://www.postfix.org/postconf.5.html#smtpd_tls_protocols",
    ),
    note=(
        "Port 25 stays opportunistic: mail from a sender without modern TLS arrives "
        "unencrypted rather than not at all, which is why this is advice; a site that "
        "hears from old servers may waive it."
    ),
    formerly=("mta-starttls-without-ssl",),
    outside=modern_protocols(
        lambda shown: opportunistic(shown) and shown.port in (25, 587),
        "On the host this control sets zimbraMtaSmtpdTlsProtocols.",
        starttls="smtp",
        port=25,
    ),
    examples=(
        passes(
            config={"zimbraMtaSmtpdTlsProtocols": ">=TLSv1.2"},
            postconf={"smtpd_tls_protocols": ">=TLSv1.2"},
        ),
        fails(
            config={"zimbraMtaSmtpdTlsProtocols": "!SSLv2, !SSLv3"},
            postconf={"smtpd_tls_protocols": "!SSLv2, !SSLv3"},
        ),
        fails(
            config={"zimbraMtaSmtpdTlsProtocols": ">=TLSv1.2"},
            postconf={"smtpd_tls_protocols": "!SSLv2, !SSLv3"},
        ),
        fails(
            config={"zimbraMtaSmtpdTlsProtocols": "!SSLv2"},
            postconf={"smtpd_tls_protocols": "!SSLv2"},
        ),
        fails(
            config={"zimbraMtaSmtpdTlsProtocols": ">=TLSv1.2"},
            postconf={"smtpd_tls_protocols": ">=TLSv1.2"},
            postconf_services={"submission/inet": {"smtpd_tls_protocols": "TLSv1"}},
        ),
        unsure(config={"zimbraMtaSmtpdTlsProtocols": ">=TLSv1.2"}),
    ),
)
