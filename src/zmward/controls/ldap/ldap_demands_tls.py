"""slapd takes no password outside of TLS."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.node import localconfig
from zmward.controls.shapes.wanted import at_least
from zmward.deviation import Judgement, Layer, deviates, sound
from zmward.facts import Facts
from zmward.sources.slapd import SLAPD, Slapd

_LEAST = 128


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    strength = facts.read(SLAPD, host).strength
    text = f"olcSecurity: ssf={strength}"
    if strength >= _LEAST:
        yield sound(Layer.RENDERED, host, source="slapd", seen=text)
    else:
        yield deviates(
            Layer.RENDERED,
            host,
            text,
            f"ssf={_LEAST} or more",
            no_cure="It follows from ldap_common_require_tls: set it, then `ldap "
            "restart`.",
            source="slapd",
        )


CONTROL = Control(
    id="ldap-demands-tls",
    title="slapd takes no password outside of TLS",
    why=(
        "Port 389 takes simple binds in clear text, with no lock-out and no line in "
        "audit.log: a wire to listen at, and a place to guess."
    ),
    impact="Programs that bind without TLS fail, address books and scripts too.",
    severity=Severity.LOW,
    tips=("S6",),
    roles=("ldap",),
    locks_out="programs that ask the directory without TLS",
    check=layers(
        localconfig("ldap_common_require_tls", at_least(_LEAST), role="ldap"),
        on_hosts(Layer.RENDERED, (SLAPD,), _rendered, role="ldap"),
    ),
    refs=("https://www.openldap.org/doc/admin26/security.html",),
    note=(
        "Do it in this order: ldap_starttls_supported = 1 on every node, restart all, "
        "then require TLS here. The local socket (ldapi) is exempt."
    ),
    examples=(
        passes(
            localconfig={"ldap_common_require_tls": "128"},
            slapd=Slapd((), {"olcsecurity": ("ssf=128",)}),
        ),
        fails(localconfig={}, slapd=Slapd((), {"olcsecurity": ("ssf=0",)})),
        fails(
            localconfig={"ldap_common_require_tls": "128"},
            slapd=Slapd((), {"olcsecurity": ("ssf=0",)}),
        ),
        unsure(localconfig={"ldap_common_require_tls": "128"}, missing=("slapd",)),
        unconcerned(services=("mta",), localconfig={}, slapd=Slapd((), {})),
    ),
)
