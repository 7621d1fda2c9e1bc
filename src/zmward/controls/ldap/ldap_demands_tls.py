"""slapd takes no password outside of TLS."""

from collections.abc import Iterator

import msgspec

from zmward.change import SetLocalConfig
from zmward.control import Control, Severity, fails, passes, unconcerned, unsure
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_ldap import DEMANDS_TLS
from zmward.controls.tls.ldap_clients_use_tls import addresses, wrong_keys
from zmward.deviation import Judgement, Layer, deviates, not_concerned, sound
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.directory import SERVERS
from zmward.sources.localconfig import LOCALCONFIG, Localconfig
from zmward.sources.slapd import SLAPD, Slapd

_LEAST = 128
_KEY = "ldap_common_require_tls"
_ORDER = (
    "First ldap-clients-use-tls on {}, or its evidence: a node that asks without TLS "
    "would lose the directory. Then ldap_common_require_tls=128 here."
)
_REPLICAS = (
    "The directories {} copy from each other: a copy that is made without TLS would "
    "stop, and nobody would see it. See that every olcSyncrepl says starttls=critical "
    "or ldaps, then set ldap_common_require_tls=128 by hand, one after the other."
)
_ALONE = "no other server asks this directory"


def _alone(facts: Facts, host: str) -> bool:
    return all(server.name == host for server in facts.servers())


def _loses(found: Localconfig) -> bool:
    """Say whether a node asks without TLS; of all that is local ldapi alone may."""
    urls = addresses(found)
    spared = all(url.startswith(("ldaps://", "ldapi://")) for url in urls)
    return not urls or (not spared and bool(wrong_keys(found)))


def _behind(facts: Facts) -> list[str]:
    """Return the servers that ask without TLS, or of which it is not known."""
    found = []
    for server in facts.servers():
        try:
            if _loses(facts.read(LOCALCONFIG, server.name)):
                found.append(server.name)
        except Unseen:
            found.append(server.name)
    return found


def _order(facts: Facts) -> str:
    """Return what must be done first; empty where nothing."""
    behind = _behind(facts)
    if behind:
        return _ORDER.format(", ".join(behind))
    directories = [server.name for server in facts.servers("ldap")]
    return _REPLICAS.format(", ".join(directories)) if len(directories) > 1 else ""


def _declared(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(LOCALCONFIG, host).value(_KEY) or ""
    text = f"{_KEY} = {value}"
    if value.isdecimal() and int(value) >= _LEAST:
        yield sound(Layer.DECLARED, host, source="localconfig", seen=text)
    elif _alone(facts, host):
        yield not_concerned(Layer.DECLARED, host, _ALONE)
    else:
        own = facts.read(LOCALCONFIG, host).own.get(_KEY)
        order = _order(facts)
        yield deviates(
            Layer.DECLARED,
            host,
            text,
            f"{_LEAST} or more",
            cure=None if order else SetLocalConfig(host, _KEY, own, str(_LEAST)),
            no_cure=order,
        )


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    value = facts.read(LOCALCONFIG, host).value(_KEY) or ""
    declared = value.isdecimal() and int(value) >= _LEAST
    strength = facts.read(SLAPD, host).strength
    text = f"olcSecurity: ssf={strength}"
    if not declared and strength < _LEAST and _alone(facts, host):
        yield not_concerned(Layer.RENDERED, host, _ALONE)
    elif strength >= _LEAST:
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
    severity=Severity.MEDIUM,
    tips=("S6", "T31"),
    roles=("ldap",),
    locks_out="programs that ask the directory without TLS",
    check=layers(
        msgspec.structs.replace(
            on_hosts(
                Layer.DECLARED,
                (LOCALCONFIG, SERVERS),
                _declared,
                role="ldap",
                cures=True,
            ),
            keys=(_KEY,),
        ),
        on_hosts(Layer.RENDERED, (LOCALCONFIG, SERVERS, SLAPD), _rendered, role="ldap"),
    ),
    refs=("https://www.openldap.org/doc/admin26/security.html",),
    note=(
        "It matters where nodes ask over the network; on a single server 389 belongs "
        "behind the firewall. The order counts: a node that does not know StartTLS yet "
        "loses the directory, this one included, so the cure waits for all of them. "
        "The local socket (ldapi) is exempt."
    ),
    formerly=("ldap-requires-tls",),
    outside=DEMANDS_TLS,
    examples=(
        passes(
            localconfig={"ldap_common_require_tls": "128"},
            slapd=Slapd((), {"olcsecurity": ("ssf=128",)}),
        ),
        fails(
            localconfig={},
            servers={"two.example.com": {"zimbraServiceEnabled": ("mailbox",)}},
            slapd=Slapd((), {"olcsecurity": ("ssf=0",)}),
        ),
        unconcerned(localconfig={}, slapd=Slapd((), {"olcsecurity": ("ssf=0",)})),
        fails(
            localconfig={"ldap_common_require_tls": "128"},
            slapd=Slapd((), {"olcsecurity": ("ssf=0",)}),
        ),
        unsure(localconfig={"ldap_common_require_tls": "128"}, missing=("slapd",)),
        unconcerned(services=("mta",), localconfig={}, slapd=Slapd((), {})),
    ),
)
