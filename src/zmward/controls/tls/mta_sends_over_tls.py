"""Postfix sends over TLS wherever the other side can."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.mta import mta_setting
from zmward.controls.shapes.wanted import one_of
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.postconf import SERVICES

_ATTR = "zimbraMtaSmtpTlsSecurityLevel"

_PARAMETER = "smtp_tls_security_level"
_SENDERS = ("smtp/unix", "relay/unix")
_BY_HAND = "Take the option out of /opt/zimbra/common/conf/master.cf.in by hand."


def _services(facts: Facts, host: str) -> Iterator[Judgement]:
    services = facts.read(SERVICES, host)
    own = {name: services.get(name, {}).get(_PARAMETER) for name in _SENDERS}
    bad = [name for name, value in own.items() if value in ("", "none")]
    for name in bad:
        text = f"{name}: {_PARAMETER} = {own[name]}"
        yield deviates(Layer.RENDERED, host, text, "may", no_cure=_BY_HAND)
    if not bad:
        seen = f"no service that sends overrides {_PARAMETER}"
        yield sound(Layer.RENDERED, host, source="postconf-services", seen=seen)


CONTROL = Control(
    id="mta-sends-over-tls",
    title="Postfix sends over TLS wherever the other side can",
    why="With none, all outgoing mail crosses the internet readable.",
    impact="Nobody is affected: a server without TLS still gets its mail in the clear.",
    severity=Severity.HIGH,
    tips=("T31",),
    roles=("mta",),
    check=layers(
        mta_setting(
            _ATTR,
            one_of(
                "may", "dane", "dane-only", "encrypt", "verify", "secure", "fingerprint"
            ),
        ),
        on_hosts(Layer.RENDERED, (SERVICES,), _services, role="mta"),
    ),
    refs=("https://www.postfix.org/postconf.5.html#smtp_tls_security_level",),
    note=(
        "may is right for a server that delivers by itself; encrypt and stricter suit "
        "one that hands all mail to a relay. dane needs dane-with-dnssec as well."
    ),
    examples=(
        passes(config={_ATTR: "may"}, postconf={"smtp_tls_security_level": "may"}),
        passes(config={_ATTR: "dane"}, postconf={"smtp_tls_security_level": "dane"}),
        fails(config={_ATTR: "none"}, postconf={"smtp_tls_security_level": "none"}),
        fails(config={_ATTR: "may"}, postconf={"smtp_tls_security_level": ""}),
        fails(
            config={_ATTR: "may"},
            postconf={"smtp_tls_security_level": "may"},
            postconf_services={"smtp/unix": {"smtp_tls_security_level": "none"}},
        ),
        passes(
            config={_ATTR: "may"},
            postconf={"smtp_tls_security_level": "may"},
            postconf_services={"smtp-amavis/unix": {"smtp_tls_security_level": "none"}},
        ),
        unsure(config={_ATTR: "may"}),
    ),
)
