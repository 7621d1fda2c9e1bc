"""DANE is asked for only together with DNSSEC."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.facts import Facts
from zmward.sources.postconf import POSTCONF

_NO_CURE = "Set zimbraMtaSmtpDnsSupportLevel to dnssec; the resolver must validate."


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    main = facts.read(POSTCONF, host)
    level = main.get("smtp_tls_security_level", "")
    dns = main.get("smtp_dns_support_level", "")
    text = f"smtp_tls_security_level = {level}, smtp_dns_support_level = {dns}"
    if not level.startswith("dane"):
        yield not_concerned(Layer.RENDERED, host, "DANE is not asked for")
    elif dns == "dnssec":
        yield sound(Layer.RENDERED, host, source="postconf", seen=text)
    else:
        yield deviates(Layer.RENDERED, host, text, "dnssec", no_cure=_NO_CURE)


CONTROL = Control(
    id="dane-with-dnssec",
    title="DANE is asked for only together with DNSSEC",
    why=(
        "With dane and no DNSSEC lookups Postfix cannot trust the records, and the "
        "protection is not there."
    ),
    impact="Postfix asks for DNSSEC; the resolver must validate.",
    severity=Severity.LOW,
    tips=("T31",),
    roles=("mta",),
    check=on_hosts(Layer.RENDERED, (POSTCONF,), _look, role="mta"),
    refs=("https://www.postfix.org/TLS_README.html#client_tls_dane",),
    note=(
        "Whether the resolver validates is not seen here: zimbraMtaSmtpDnsSupportLevel "
        "dnssec makes Postfix ask for it."
    ),
    examples=(
        passes(
            postconf={
                "smtp_tls_security_level": "dane",
                "smtp_dns_support_level": "dnssec",
            }
        ),
        fails(
            postconf={
                "smtp_tls_security_level": "dane",
                "smtp_dns_support_level": "enabled",
            }
        ),
        unconcerned(postconf={"smtp_tls_security_level": "may"}),
        unsure(missing=("postconf",)),
    ),
)
