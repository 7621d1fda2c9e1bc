"""Trusted networks are written so that every reader understands them."""

from collections.abc import Iterator

from zmward.change import SetAttr
from zmward.control import Control, Severity, fails, passes, unsure
from zmward.controls.mta._networks import (
    ATTRIBUTE,
    flaw,
    network,
    words_of,
)
from zmward.controls.shapes.basic import on_hosts
from zmward.deviation import Judgement, Layer, deviates, sound, unknown
from zmward.facts import Facts
from zmward.sources.directory import CONFIG, SERVERS

_WANTED = "networks parted by blanks, IPv6 in brackets, no bits behind the prefix"


def _written(word: str) -> str:
    net = network(word)
    if net is None:
        return word
    return (
        f"[{net.network_address}]/{net.prefixlen}" if net.version == _SIX else str(net)
    )


_SIX = 6


def _look(facts: Facts, host: str) -> Iterator[Judgement]:
    server = next(s for s in facts.servers() if s.name == host)
    values = server.own(ATTRIBUTE) or facts.config().own(ATTRIBUTE)
    words = words_of(values)
    if not words:
        yield unknown(
            Layer.DECLARED,
            host,
            f"{ATTRIBUTE} is not set; what is trusted then is unknown",
        )
        return
    flaws = [flaw(word) for word in words if flaw(word)]
    if any("," in value for value in values):
        flaws.append("commas part the networks")
    if not flaws:
        yield sound(
            Layer.DECLARED,
            host,
            source="directory",
            seen=f"{ATTRIBUTE}: {' '.join(values)}",
        )
        return
    after = " ".join(dict.fromkeys(map(_written, words)))
    cure = None
    if server.own(ATTRIBUTE) and all(network(word) for word in words):
        cure = SetAttr(f"server:{host}", ATTRIBUTE, server.own(ATTRIBUTE), (after,))
    yield deviates(
        Layer.DECLARED,
        f"server:{host}",
        "; ".join(flaws),
        _WANTED,
        cure=cure,
        no_cure="" if cure else f"Write {ATTRIBUTE} anew where it is set.",
    )


CONTROL = Control(
    id="mta-networks-well-formed",
    title="Trusted networks are written so that every reader understands them",
    why=(
        "Postfix answers 451 to all mail when it cannot read mynetworks, and Amavis, "
        "SpamAssassin and OpenDKIM read the same list each in their own way."
    ),
    impact="Nobody is affected; the same networks are meant.",
    severity=Severity.MEDIUM,
    tips=("T12",),
    roles=("mta",),
    check=on_hosts(Layer.DECLARED, (CONFIG, SERVERS), _look, role="mta", cures=True),
    refs=(),
    note=(
        "Host bits behind a prefix, IPv6 without brackets, and commas, which end up in"
        " Amavis's list."
    ),
    examples=(
        passes(server={ATTRIBUTE: "127.0.0.0/8 [::1]/128 192.0.2.10/32"}),
        fails(server={ATTRIBUTE: "127.0.0.0/8 192.0.2.10/24"}),
        fails(server={ATTRIBUTE: "127.0.0.0/8 2001:db8::1/128"}),
        fails(server={ATTRIBUTE: "127.0.0.0/8, 192.0.2.10/32"}),
        fails(config={ATTRIBUTE: "127.0.0.0/8 mail.example.com"}, server={}),
        unsure(server={}),
    ),
)
