"""Postfix offers TLS to everybody and forces it on nobody."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.outside_smtp import tls_offered
from zmward.controls.shapes.wanted import exactly
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.handshakes import HANDSHAKES, Handshake
from zmward.sources.smtp_greetings import SMTP_GREETINGS, Greeting

_BROKEN = (
    "Look for the reason in /var/log/zimbra.log: most often Postfix could not read "
    "conf/smtpd.crt or smtpd.key, and then serves without TLS."
)


def _running(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(SMTP_GREETINGS, host)
    if not found:
        yield unknown(Layer.RUNNING, host, "neither port 25 nor port 587 answered")
    for port, greeting in found.items():
        if not greeting.answered:
            yield unknown(Layer.RUNNING, host, f"port {port} did not answer in time")
            continue
        seen = f"port {port}: {' '.join(greeting.extensions)}"
        if greeting.offers_tls:
            yield sound(Layer.RUNNING, host, source="smtp-greetings", seen=seen)
        else:
            text = f"port {port} does not offer STARTTLS"
            yield deviates(Layer.RUNNING, host, text, "STARTTLS", no_cure=_BROKEN)


def _spoken(facts: Facts, host: str) -> Iterator[Judgement]:
    """Postfix offers STARTTLS even where it then cannot speak TLS (454)."""
    for port, hand in facts.read(HANDSHAKES, host).items():
        if port not in _PORTS:
            continue
        if hand.protocol:
            seen = f"port {port}: {hand.protocol} {hand.cipher}"
            yield sound(Layer.RUNNING, host, source="handshakes", seen=seen)
        else:
            reason = f"port {port}: no TLS after STARTTLS: {hand.error}"
            yield unknown(Layer.RUNNING, host, reason)


_PORTS = (25, 587)
_GOOD = {25: Handshake(25, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "unasked", None)}
_FAILED = {25: Handshake(25, "", "", "unasked", None, "wrong version number")}
_OFFERED = {25: Greeting("mail.example.com ESMTP", ("STARTTLS", "DSN"))}
_NOT = {25: Greeting("mail.example.com ESMTP", ("PIPELINING", "DSN"))}

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
    check=layers(
        mta_setting("zimbraMtaTlsSecurityLevel", exactly("may")),
        on_hosts(Layer.RUNNING, (SMTP_GREETINGS,), _running, role="mta"),
        on_hosts(Layer.RUNNING, (HANDSHAKES,), _spoken, role="mta"),
    ),
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
            smtp_greetings=_OFFERED,
            handshakes=_GOOD,
        ),
        unsure(
            config={"zimbraMtaTlsSecurityLevel": "may"},
            postconf={"smtpd_tls_security_level": "may"},
            smtp_greetings=_OFFERED,
            handshakes=_FAILED,
        ),
        fails(
            config={"zimbraMtaTlsSecurityLevel": "may"},
            postconf={"smtpd_tls_security_level": "may"},
            smtp_greetings=_NOT,
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
    outside=tls_offered(),
)
