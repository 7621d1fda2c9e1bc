"""Zimbra's own programs speak to the directory over TLS."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from zmward.change import SetLocalConfig
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound, unknown
from zmward.facts import Facts
from zmward.sources.localconfig import LOCALCONFIG, Localconfig

_ITSELF = "this host asks only the directory on itself"
_WANTED = "ldaps, or StartTLS supported (1) and required (true), by all processes (1)"
# Java asks for StartTLS only where all three say so.
_KEYS = {
    "ldap_starttls_supported": "1",
    "ldap_starttls_required": "true",
    "zimbra_require_interprocess_security": "1",
}
_LOCAL = ("ldapi://", "ldap://localhost", "ldap://127.0.0.1")


def addresses(found: Localconfig) -> tuple[str, ...]:
    """Return the directories that a node asks; empty where ldap_url is not set."""
    urls = (found.value("ldap_url") or "").split()
    masters = (found.value("ldap_master_url") or "").split()
    return tuple(dict.fromkeys((*urls, *masters))) if urls else ()


def in_clear(found: Localconfig) -> tuple[str, ...]:
    """Return the directories that are asked over the network without TLS."""
    if not wrong_keys(found):
        return ()
    local = ("ldaps://", *_LOCAL)
    return tuple(url for url in addresses(found) if not url.startswith(local))


def wrong_keys(found: Localconfig) -> tuple[str, ...]:
    """Return the keys that do not ask for StartTLS yet."""
    return tuple(key for key, value in _KEYS.items() if found.value(key) != value)


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    found = facts.read(LOCALCONFIG, host)
    urls = addresses(found)
    plain = in_clear(found)
    text = f"ldap_url {' '.join(urls)}, " + ", ".join(
        f"{key} {found.value(key)}" for key in _KEYS
    )
    if not urls:
        yield unknown(Layer.DECLARED, host, "localconfig has no ldap_url")
    elif plain:
        if all(urlsplit(url).hostname == host.lower() for url in plain):
            yield not_concerned(Layer.DECLARED, host, _ITSELF)
            return
        for key in wrong_keys(found):
            cure = SetLocalConfig(host, key, found.own.get(key), _KEYS[key])
            yield deviates(Layer.DECLARED, host, f"{text}: {key}", _WANTED, cure=cure)
    else:
        yield sound(Layer.DECLARED, host, source="localconfig", seen=text)


CONTROL = Control(
    id="ldap-clients-use-tls",
    title="Zimbra's own programs speak to the directory over TLS",
    why=(
        "The directory's passwords and everything in it cross the network between the "
        "servers."
    ),
    impact=(
        "All of Zimbra restarts on the node, which must trust the directory's "
        "certificate."
    ),
    severity=Severity.HIGH,
    tips=("T31", "S6"),
    roles=(),
    locks_out="the node itself, if it does not trust the directory's certificate",
    check=msgspec.structs.replace(
        on_hosts(Layer.DECLARED, (LOCALCONFIG,), _look, cures=True), keys=tuple(_KEYS)
    ),
    refs=(),
    note=(
        "Each node can be brought to it alone; only when all of them are there may "
        "the directory demand it, which is ldap-demands-tls. Without "
        "zimbra_require_interprocess_security 1 Java asks in clear text whatever the "
        "other two keys say."
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
        fails(
            localconfig={
                "ldap_url": "ldap://ldap.example.com",
                "ldap_starttls_supported": "1",
                "zimbra_require_interprocess_security": "0",
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
