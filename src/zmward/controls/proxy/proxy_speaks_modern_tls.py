"""nginx speaks TLS 1.2 and newer only."""

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.attributes import server_attr
from zmward.controls.shapes.wanted import Values, Wanted

_MODERN = ("TLSv1.2", "TLSv1.3")


def _holds(found: Values) -> bool:
    return bool(found) and set(found) <= set(_MODERN)


CONTROL = Control(
    id="proxy-speaks-modern-tls",
    title="nginx speaks TLS 1.2 and newer only",
    why="TLS 1.0 and 1.1 are broken and forbidden by RFC 8996.",
    impact="Clients from before about 2014 can no longer connect.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("proxy",),
    locks_out="users of very old clients",
    check=server_attr(
        "zimbraReverseProxySSLProtocols",
        Wanted("TLSv1.2 and TLSv1.3 only", _holds, lambda _: _MODERN),
        role="proxy",
        unset=("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
    ),
    refs=("https://www.rfc-editor.org/rfc/rfc8996",),
    examples=(
        passes(config={"zimbraReverseProxySSLProtocols": ("TLSv1.2", "TLSv1.3")}),
        fails(config={"zimbraReverseProxySSLProtocols": ("TLSv1", "TLSv1.2")}),
        fails(config={}),
        unsure(missing=("ldap-config",)),
    ),
)
