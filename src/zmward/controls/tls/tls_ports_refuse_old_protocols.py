"""Every TLS port refuses TLS 1.1 and older."""

from collections.abc import Iterator
from typing import Literal

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.controls.shapes.outside_tls import modern_protocols, opportunistic
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.handshakes import HANDSHAKES, Handshake

_OTHER = "its own configuration"
_SET_BY = {
    **dict.fromkeys((443, 993, 9071), "zimbraReverseProxySSLProtocols"),
    465: "zimbraMtaSmtpdTlsMandatoryProtocols",
    **dict.fromkeys((389, 636), "localconfig ldap_common_tlsprotocolmin"),
    **dict.fromkeys((7071, 7993, 8443), "zimbraMailboxdSSLProtocols"),
}


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(HANDSHAKES, host)
    if not found:
        yield unknown(
            Layer.RUNNING, host, "no TLS port listens here, or none was asked"
        )
    for port, hand in found.items():
        if hand.old == "unasked":
            yield not_concerned(Layer.RUNNING, host, f"port {port} stays opportunistic")
        elif hand.old == "refused":
            text = f"port {port}: TLS 1.1 refused, {hand.protocol} {hand.cipher}"
            yield sound(Layer.RUNNING, host, source="handshakes", seen=text)
        elif hand.old == "accepted":
            text = f"port {port} accepts TLS 1.1 or older"
            yield deviates(
                Layer.RUNNING,
                host,
                text,
                "TLS 1.2 and newer",
                no_cure=f"It follows from {_SET_BY.get(port, _OTHER)}; restart.",
            )
        else:
            reason = hand.error or "what it says to TLS 1.1 could not be found out"
            yield unknown(Layer.RUNNING, host, f"port {port}: {reason}")


def _one(old: Literal["accepted", "refused", "unknown"]) -> dict[int, Handshake]:
    return {443: Handshake(443, "TLSv1.3", "TLS_AES_256_GCM_SHA384", old, None)}


CONTROL = Control(
    id="tls-ports-refuse-old-protocols",
    title="Every TLS port refuses TLS 1.1 and older",
    why=(
        "TLS 1.0 and 1.1 are broken and forbidden by RFC 8996; what a port speaks is "
        "what counts, whatever is configured."
    ),
    impact="Clients from before about 2014 can no longer connect.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=(),
    locks_out="users of very old clients",
    check=on_hosts(Layer.RUNNING, (HANDSHAKES,), _look),
    refs=("https://www.rfc-editor.org/rfc/rfc8996",),
    note=(
        "Asked from the node itself with openssl, once with all protocols and once "
        "with TLS 1.1 and older. Ports 25 and 587 stay opportunistic and are not "
        "asked. An openssl that cannot speak TLS 1.1 itself proves nothing."
    ),
    outside=modern_protocols(
        lambda shown: not opportunistic(shown),
        "On the host proxy-, smtps-, mailboxd- or ldap-speaks-modern-tls repairs it.",
    ),
    examples=(
        passes(handshakes=_one("refused")),
        fails(handshakes=_one("accepted")),
        unsure(handshakes=_one("unknown")),
        unsure(handshakes={}),
        unsure(missing=("handshakes",)),
        unconcerned(handshakes={25: Handshake(25, "TLSv1.3", "", "unasked", None)}),
        unsure(
            handshakes={
                443: Handshake(443, "", "", "unknown", None, "no handshake in time")
            }
        ),
    ),
)
