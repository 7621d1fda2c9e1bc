"""DANE is asked for only together with DNSSEC."""

from collections.abc import Iterator

import msgspec

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.postconf import POSTCONF

_ATTRIBUTE = "zimbraMtaSmtpDnsSupportLevel"
_NO_CURE = (
    f"{_ATTRIBUTE} says dnssec already, or was not seen: render the section mta anew "
    "(/opt/zimbra/libexec/configrewrite mta)."
)


def _cure(facts: Facts, host: str) -> SetAttr | None:
    """Return the change of this server's own value: DANE may be asked for here only."""
    try:
        server = next((s for s in facts.servers() if s.name == host), None)
        common = facts.config().own(_ATTRIBUTE)
    except Unseen:
        return None
    values = () if server is None else server.own(_ATTRIBUTE) or common
    if server is None or not values or "dnssec" in values:
        return None
    before = server.own(_ATTRIBUTE) or None
    return SetAttr(server.label, _ATTRIBUTE, before, ("dnssec",))


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
        cure = _cure(facts, host)
        reason = "" if cure else _NO_CURE
        yield deviates(Layer.RENDERED, host, text, "dnssec", cure=cure, no_cure=reason)


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
    check=msgspec.structs.replace(
        on_hosts(
            Layer.RENDERED, (POSTCONF, CONFIG, SERVERS), _look, role="mta", cures=True
        ),
        attributes=(_ATTRIBUTE,),
    ),
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
        fails(
            config={_ATTRIBUTE: "enabled"},
            postconf={
                "smtp_tls_security_level": "dane",
                "smtp_dns_support_level": "enabled",
            },
        ),
        fails(
            config={},
            server={_ATTRIBUTE: "dnssec"},
            postconf={
                "smtp_tls_security_level": "dane-only",
                "smtp_dns_support_level": "enabled",
            },
        ),
        unconcerned(postconf={"smtp_tls_security_level": "may"}),
        unsure(missing=("postconf",)),
    ),
)
