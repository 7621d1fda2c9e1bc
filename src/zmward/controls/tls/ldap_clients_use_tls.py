"""Zimbra's own programs speak to the directory over TLS."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.localconfig import LOCALCONFIG

_ITSELF = "this host asks only the directory on itself"
_NO_CURE = (
    "Set ldap_starttls_supported=1 on all nodes in one window, then zmcontrol restart: "
    "a node left behind cannot reach the directory."
)
_LOCAL = ("ldapi://", "ldap://localhost", "ldap://127.0.0.1")


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(LOCALCONFIG, host)
    urls = (found.value("ldap_url") or "").split()
    masters = (found.value("ldap_master_url") or "").split()
    urls += [url for url in masters if url not in urls and urls]
    plain = [url for url in urls if not url.startswith(("ldaps://", *_LOCAL))]
    supported = found.value("ldap_starttls_supported")
    required = found.value("ldap_starttls_required")
    text = (
        f"ldap_url {' '.join(urls)}, ldap_starttls_supported {supported}, "
        f"ldap_starttls_required {required}"
    )
    if not urls:
        yield unknown(Layer.DECLARED, host, "localconfig has no ldap_url")
    elif plain and (supported != "1" or required != "true"):
        if all(urlsplit(url).hostname == host.lower() for url in plain):
            yield not_concerned(Layer.DECLARED, host, _ITSELF)
            return
        yield deviates(
            Layer.DECLARED,
            host,
            text,
            "ldaps, or StartTLS supported (1) and required (true)",
            no_cure=_NO_CURE,
        )
    else:
        yield sound(Layer.DECLARED, host, source="localconfig", seen=text)


CONTROL = Control(
    id="ldap-clients-use-tls",
    title="Zimbra's own programs speak to the directory over TLS",
    why=(
        "The directory's passwords and everything in it cross the network between the "
        "servers."
    ),
    impact="Every node must trust the directory's certificate.",
    severity=Severity.HIGH,
    tips=("T31", "S6"),
    roles=(),
    check=on_hosts(Layer.DECLARED, (LOCALCONFIG,), _look),
    refs=(),
    note=(
        "Set it on all nodes, then restart them; the directory's server side is "
        "ldap-demands-tls. zimbra_require_interprocess_security 1 belongs to it."
    ),
    formerly=("ldap-clients-use-starttls",),
    examples=(
        passes(
            localconfig={
                "ldap_url": "ldap://mail.example.com:389",
                "ldap_starttls_supported": "1",
            }
        ),
        passes(
            localconfig={
                "ldap_url": "ldaps://ldap.example.com",
                "ldap_starttls_supported": "0",
            }
        ),
        passes(localconfig={"ldap_url": "ldapi:///", "ldap_starttls_supported": "0"}),
        fails(
            localconfig={
                "ldap_url": "ldap://ldap.example.com:389",
                "ldap_starttls_supported": "0",
            }
        ),
        fails(
            localconfig={
                "ldap_url": "ldap://ldap.example.com",
                "ldap_starttls_supported": "1",
                "ldap_starttls_required": "false",
            }
        ),
        unconcerned(
            localconfig={
                "ldap_url": "ldap://mail.example.com:389",
                "ldap_starttls_supported": "0",
            }
        ),
        fails(
            localconfig={
                "ldap_url": "ldap://mail.example.com:389",
                "ldap_master_url": "ldap://ldap.example.com:389",
                "ldap_starttls_supported": "0",
            }
        ),
        unsure(missing=("localconfig",)),
    ),
)
