"""Postfix offers TLS to everybody and forces it on nobody."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import exactly
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
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
)
