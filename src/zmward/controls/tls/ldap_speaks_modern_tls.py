"""The directory speaks TLS 1.2 and newer only."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.outside_tls import LDAP_PORTS, modern_protocols, on
from zmward.controls.shapes.wanted import one_of

CONTROL = Control(
    id="ldap-speaks-modern-tls",
    title="The directory speaks TLS 1.2 and newer only",
    why=(
        "TLS 1.0 and 1.1 are broken and forbidden by RFC 8996; the directory holds "
        "every password hash."
    ),
    impact="Programs that ask the directory with older TLS can no longer.",
    severity=Severity.MEDIUM,
    tips=("T31", "S6"),
    roles=("ldap",),
    locks_out="foreign programs that ask the directory with old TLS",
    check=localconfig("ldap_common_tlsprotocolmin", one_of("3.3", "3.4"), role="ldap"),
    refs=("https://www.rfc-editor.org/rfc/rfc8996",),
    note=(
        "3.1 is TLS 1.0 and the default, 3.3 is TLS 1.2, 3.4 is TLS 1.3. Restart slapd"
        " with `ldap restart`."
    ),
    outside=modern_protocols(
        on(*LDAP_PORTS),
        "On the host this control sets ldap_common_tlsprotocolmin.",
        port=636,
    ),
    examples=(
        passes(localconfig={"ldap_common_tlsprotocolmin": "3.3"}),
        fails(localconfig={}),
        fails(localconfig={"ldap_common_tlsprotocolmin": "3.1"}),
        unsure(missing=("localconfig",)),
    ),
)
