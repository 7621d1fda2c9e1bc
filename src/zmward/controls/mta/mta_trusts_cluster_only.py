"""Postfix trusts loopback, itself and the cluster, no network around it."""

from collections.abc import Iterator

from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.mta._narrowing import UNSEEN, narrowed, strangers
from zmward.controls.mta._networks import (
    ATTRIBUTE,
    declared_words,
    network,
    single,
    unread,
    words_of,
)
from zmward.controls.shapes.basic import layers, on_hosts
from zmward.controls.shapes.outside_relay import no_neighbours
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.postconf import POSTCONF

_WANTED = "loopback, own addresses, cluster nodes and the profile's relays"


def _told(facts: Facts, bad: list[str]) -> str:
    """Return why the strangers may yet be nodes of the cluster, or nothing."""
    unseen = facts.unseen_hosts()
    nets = [network(word) for word in bad]
    if unseen and all(net is not None and single(net) for net in nets):
        return f"{' '.join(bad)} may be a node that was not seen: {', '.join(unseen)}"
    return ""


def _declared(facts: Facts, host: str) -> Iterator[Judgement]:
    words = declared_words(facts, host)
    if not words:
        yield unknown(
            Layer.DECLARED,
            host,
            f"{ATTRIBUTE} is not set; what is trusted then is unknown",
        )
        return
    bad = strangers(facts, host, words)
    if unread(words):
        yield unknown(Layer.DECLARED, host, unread(words))
    if not bad:
        yield sound(
            Layer.DECLARED,
            host,
            source="directory",
            seen=f"{ATTRIBUTE}: {' '.join(words)}",
        )
    elif _told(facts, bad):
        yield unknown(Layer.DECLARED, host, _told(facts, bad))
    else:
        unseen = facts.unseen_hosts()
        cure = None if unseen else narrowed(facts, host, words, bad)
        yield deviates(
            Layer.DECLARED,
            f"server:{host}",
            f"{ATTRIBUTE}: {' '.join(bad)}",
            _WANTED,
            cure=cure,
            no_cure=UNSEEN.format(", ".join(unseen)) if unseen else "",
        )


def _rendered(facts: Facts, host: str) -> Iterator[Judgement]:
    text = facts.read(POSTCONF, host).get("mynetworks", "")
    words = words_of((text,))
    bad = strangers(facts, host, words)
    if unread(words) or not words:
        yield unknown(Layer.RENDERED, host, unread(words) or "mynetworks is empty")
    if not bad:
        yield sound(
            Layer.RENDERED, host, source="postconf", seen=f"mynetworks = {text}"
        )
    elif _told(facts, bad):
        yield unknown(Layer.RENDERED, host, _told(facts, bad))
    else:
        yield deviates(
            Layer.RENDERED,
            host,
            f"mynetworks = {' '.join(bad)}",
            _WANTED,
            no_cure=f"It follows from {ATTRIBUTE}.",
        )


_GOOD = {"mynetworks": "127.0.0.0/8 [::1]/128 192.0.2.10/32"}
_OWN = ("127.0.0.1", "::1", "192.0.2.10")

CONTROL = Control(
    id="mta-trusts-cluster-only",
    title="Postfix trusts loopback, itself and the cluster, no network around it",
    why=(
        "Every machine in a trusted network sends as anybody without a login and past "
        "every check; one infected PC or printer is enough."
    ),
    impact=(
        "Devices that relay without a login (printers, programs) must log in, or be "
        "named in the profile as relays."
    ),
    severity=Severity.MEDIUM,
    tips=("T12",),
    roles=("mta",),
    locks_out="devices and programs that relay without a login",
    check=layers(
        on_hosts(
            Layer.DECLARED,
            (CONFIG, SERVERS, ADDRESSES),
            _declared,
            role="mta",
            cures=True,
        ),
        on_hosts(Layer.RENDERED, (POSTCONF, ADDRESSES), _rendered, role="mta"),
    ),
    refs=("https://www.postfix.org/postconf.5.html#mynetworks",),
    note=(
        "The installer stores the whole attached subnets. mynetworks is also Amavis's,"
        " SpamAssassin's and OpenDKIM's list of one's own. Mailbox servers must stay "
        "in it, since they submit over port 25. A public address that NAT gives this "
        "server is on none of its interfaces: name it in the profile (networks.relays)."
    ),
    examples=(
        passes(
            server={ATTRIBUTE: "127.0.0.0/8 [::1]/128 192.0.2.10/32"},
            postconf=_GOOD,
            addresses=_OWN,
        ),
        passes(
            server={ATTRIBUTE: "127.0.0.0/8 192.0.2.10/32 198.51.100.7/32"},
            postconf=_GOOD,
            addresses=_OWN,
            profile={"networks": {"relays": ["198.51.100.0/28"]}},
        ),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8 [::1]/128 192.0.2.0/24"},
            postconf={"mynetworks": "127.0.0.0/8 [::1]/128 192.0.2.0/24"},
            addresses=_OWN,
        ),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8 198.51.100.7/32"},
            postconf={"mynetworks": "127.0.0.0/8 198.51.100.7/32"},
            addresses=_OWN,
        ),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8 192.0.2.0/24"},
            servers={"two.example.com": {ATTRIBUTE: "127.0.0.0/8"}},
            postconf={"mynetworks": "127.0.0.0/8 192.0.2.0/24"},
            addresses=_OWN,
        ),
        unsure(
            server={ATTRIBUTE: "127.0.0.0/8"},
            postconf={"mynetworks": "127.0.0.0/8 cidr:/etc/postfix/trusted"},
            addresses=_OWN,
        ),
        fails(
            server={ATTRIBUTE: "127.0.0.0/8"},
            postconf={"mynetworks": "127.0.0.0/8 192.0.2.0/24"},
            addresses=_OWN,
        ),
        unsure(server={ATTRIBUTE: "127.0.0.0/8"}, addresses=_OWN),
        unsure(server={ATTRIBUTE: "127.0.0.0/8 192.0.2.10/32"}, postconf=_GOOD),
        unsure(
            server={ATTRIBUTE: "127.0.0.0/8 198.51.100.7/32"},
            servers={"two.example.com": {ATTRIBUTE: "127.0.0.0/8"}},
            postconf=_GOOD,
            addresses=_OWN,
        ),
    ),
    outside=no_neighbours(),
)
