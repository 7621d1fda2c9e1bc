"""Postfix relays for its own users and networks only."""

from collections.abc import Iterator

import msgspec

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.mta._narrowing import cure
from zmward.controls.mta._networks import (
    ATTRIBUTE,
    declared_words,
    network,
    private,
    unread,
    words_of,
)
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.mta import in_force, port_of
from zmward.controls.shapes.outside_relay import no_open_relay
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.postconf import POSTCONF, SERVICES

# No organisation that runs one server owns more of the internet than this.
_WIDEST = {4: 16, 6: 32}
_PORT = 25
_EVERYBODY = {"permit", "permit_tls_all_clientcerts", "permit_mx_backup"}
_KNOWN = {"permit_mynetworks", "permit_sasl_authenticated"}
_REJECTS = ("reject_unauth_destination", "defer_unauth_destination", "reject", "defer")
_NO_CURE = (
    "Set zimbraMtaMyNetworks to loopback, own addresses and the cluster's; a cure "
    "needs the evidence of every node."
)
_FOLLOWS = f"It follows from {ATTRIBUTE}, or from a line of master.cf: see there."
_BY_HAND = (
    "Zimbra's own template ends with reject_unauth_destination: restore "
    "conf/zmconfigd/smtpd_relay_restrictions.cf."
)


def _wide(words: tuple[str, ...]) -> list[str]:
    found = []
    for word in words:
        net = network(word)
        if net is None or private(net):
            continue
        if net.prefixlen < _WIDEST[net.version]:
            found.append(word)
    return found


def _judged(
    layer: Layer,
    host: str,
    words: tuple[str, ...],
    name: str,
    *,
    cure: SetAttr | None = None,
    no_cure: str = _FOLLOWS,
) -> Judgement:
    text = f"{name}: {' '.join(words)}"
    if not words:
        return unknown(
            layer, host, f"{name} is not set; what is trusted then is unknown"
        )
    if _wide(words):
        return deviates(
            layer,
            host,
            f"{name}: {' '.join(_wide(words))}",
            "no network wider than an organisation",
            cure=cure,
            no_cure="" if cure else no_cure,
        )
    if unread(words):
        return unknown(layer, host, unread(words))
    return sound(layer, host, source="directory", seen=text)


def _declared(facts: Facts, host: str) -> Iterator[Judgement]:
    words = declared_words(facts, host)
    wide = _wide(words)
    found = cure(facts, host, wide) if wide else None
    yield _judged(Layer.DECLARED, host, words, ATTRIBUTE, cure=found, no_cure=_NO_CURE)


def _ruled(host: str, name: str, rules: str) -> Judgement:
    """Judge one list: what stands before its first reject lets somebody relay."""
    relay = words_of((rules,))
    text = f"{name} = {rules}"
    stops = [place for place, word in enumerate(relay) if word in _REJECTS]
    before = relay[: stops[0]] if stops else relay
    if not stops or _EVERYBODY & set(before):
        return deviates(
            Layer.RENDERED,
            host,
            text,
            "reject_unauth_destination, and only users and networks before it",
            no_cure=_BY_HAND,
        )
    strange = [word for word in before if word not in _KNOWN]
    if strange:
        reason = f"whom {' '.join(strange)} lets relay is not known"
        return unknown(Layer.RENDERED, host, reason)
    return sound(Layer.RENDERED, host, source="postconf", seen=text)


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    main, services = facts.read(POSTCONF, host), facts.read(SERVICES, host)
    own = [name for name in services if port_of(name) == _PORT]
    for service in ("main.cf", *own):
        mark = "" if service == "main.cf" else f"{service}: "
        networks = in_force(main, services, service, "mynetworks") or ""
        rules = in_force(main, services, service, "smtpd_relay_restrictions") or ""
        words = words_of((networks,))
        yield _judged(Layer.RENDERED, host, words, f"{mark}mynetworks")
        yield _ruled(host, f"{mark}smtpd_relay_restrictions", rules)


_GOOD = {
    "mynetworks": "127.0.0.0/8 [::1]/128 192.0.2.10/32",
    "smtpd_relay_restrictions": (
        "permit_sasl_authenticated, permit_mynetworks, reject_unauth_destination"
    ),
}

CONTROL = Control(
    id="mta-is-no-open-relay",
    title="Postfix relays for its own users and networks only",
    why="An open relay sends the world's spam and is on every blocklist within hours.",
    impact="Whoever relays without a login from one of these networks must log in.",
    severity=Severity.CRITICAL,
    tips=("T12",),
    roles=("mta",),
    locks_out="hosts that relay without a login from the wide networks",
    check=layers(
        msgspec.structs.replace(
            on_hosts(
                Layer.DECLARED,
                (CONFIG, SERVERS, ADDRESSES),
                _declared,
                role="mta",
                cures=True,
            ),
            attributes=(ATTRIBUTE,),
        ),
        on_hosts(Layer.RENDERED, (POSTCONF, SERVICES), _rendered, role="mta"),
    ),
    refs=("https://www.postfix.org/SMTPD_ACCESS_README.html#relay",),
    note=(
        "Only networks wider than any organisation's own count here; smaller ones are "
        "judged by mta-trusts-cluster-only, whose cure this is: networks that may "
        "relay stand in the profile (networks.relays)."
    ),
    examples=(
        passes(
            server={ATTRIBUTE: "127.0.0.0/8 [::1]/128 192.0.2.10/32"}, postconf=_GOOD
        ),
        fails(
            server={ATTRIBUTE: "0.0.0.0/0"},
            postconf={**_GOOD, "mynetworks": "0.0.0.0/0"},
        ),
        fails(
            config={},
            server={ATTRIBUTE: "127.0.0.0/8 0.0.0.0/0"},
            postconf={**_GOOD, "mynetworks": "127.0.0.0/8 0.0.0.0/0"},
            addresses=("127.0.0.1", "192.0.2.10"),
        ),
        fails(server={ATTRIBUTE: "127.0.0.0/8 [2000::]/3"}, postconf=_GOOD),
        fails(server={ATTRIBUTE: "127.0.0.0/8 192.0.0.0/8"}, postconf=_GOOD),
        passes(server={ATTRIBUTE: "127.0.0.0/8 10.0.0.0/8"}, postconf=_GOOD),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8"},
            postconf={**_GOOD, "smtpd_relay_restrictions": "permit_mynetworks"},
        ),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8"},
            postconf={
                **_GOOD,
                "smtpd_relay_restrictions": "permit, reject_unauth_destination",
            },
        ),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8"},
            postconf=_GOOD,
            postconf_services={"smtpd/pass": {"mynetworks": "0.0.0.0/0"}},
        ),
        unsure(
            server={ATTRIBUTE: "127.0.0.0/8"},
            postconf={
                **_GOOD,
                "smtpd_relay_restrictions": (
                    "check_client_access cidr:/etc/postfix/relays, "
                    "reject_unauth_destination"
                ),
            },
        ),
        passes(
            server={ATTRIBUTE: "127.0.0.0/8"},
            postconf=_GOOD,
            postconf_services={
                "[127.0.0.1]:10025/inet": {"smtpd_relay_restrictions": ""}
            },
        ),
        unsure(server={ATTRIBUTE: "127.0.0.0/8"}),
        unsure(server={}, postconf=_GOOD),
    ),
    outside=no_open_relay(),
)
