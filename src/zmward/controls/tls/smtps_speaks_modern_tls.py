"""Port 465 speaks TLS 1.2 and newer only."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.mta import modern_tls, mta_setting
from zmward.controls.shapes.outside_tls import modern_protocols, on

_OBJECTS = frozenset({"globalConfig", "server"})
_KNOWN = {"zimbramtasmtpdtlsmandatoryprotocols": _OBJECTS}

CONTROL = Control(
    id="smtps-speaks-modern-tls",
    title="Port 465 speaks TLS 1.2 and newer only",
    why=(
        "TLS 1.0 and 1.1 are broken and forbidden by RFC 8996, and over port 465 "
        "travel passwords."
    ),
    impact="Mail programs from before about 2014 can no longer send over port 465.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("mta",),
    locks_out="users of very old mail programs on port 465",
    check=mta_setting(
        "zimbraMtaSmtpdTlsMandatoryProtocols", modern_tls(), ports=(465,)
    ),
    refs=(
        "https://www.rfc-editor.org/rfc/rfc8996",
        "https://www.postfix.org/postconf.5.html#smtpd_tls_mandatory_protocols",
    ),
    note=(
        "Port 465 is TLS from its first byte, so the mandatory pair of attributes "
        "governs it; ports 25 and 587 follow the opportunistic pair. The cure names "
        "the old protocols, which every Postfix understands; >=TLSv1.2 needs Postfix "
        "3.6."
    ),
    outside=modern_protocols(
        on(465),
        "On the host this control sets zimbraMtaSmtpdTlsMandatoryProtocols.",
        port=465,
    ),
    examples=(
        passes(
            schema=_KNOWN,
            config={"zimbraMtaSmtpdTlsMandatoryProtocols": ">=TLSv1.2"},
            postconf={"smtpd_tls_mandatory_protocols": ">=TLSv1.2"},
        ),
        fails(
            schema=_KNOWN,
            config={"zimbraMtaSmtpdTlsMandatoryProtocols": "!SSLv2, !SSLv3"},
            postconf={"smtpd_tls_mandatory_protocols": "!SSLv2, !SSLv3"},
        ),
        fails(
            schema=_KNOWN,
            config={"zimbraMtaSmtpdTlsMandatoryProtocols": ">=TLSv1.2"},
            postconf={"smtpd_tls_mandatory_protocols": "!SSLv2, !SSLv3"},
        ),
        fails(
            schema=_KNOWN,
            config={"zimbraMtaSmtpdTlsMandatoryProtocols": ">=TLSv1.2"},
            postconf={"smtpd_tls_mandatory_protocols": ">=TLSv1.2"},
            postconf_services={
                "465/inet": {"smtpd_tls_mandatory_protocols": "!SSLv2"},
            },
        ),
        unsure(
            schema=_KNOWN, config={"zimbraMtaSmtpdTlsMandatoryProtocols": ">=TLSv1.2"}
        ),
    ),
)
