"""Which trusted networks are too wide, and the list that trusts the cluster alone."""

from zmward.change import SetAttr
from zmward.controls.mta._networks import (
    ATTRIBUTE,
    Network,
    covers,
    declared_words,
    loopback,
    network,
    single,
)
from zmward.evidence import Unseen
from zmward.facts import Facts
from zmward.sources.addresses import ADDRESSES

_SIX = 6
UNSEEN = (
    "Name each node in its place by hand: {} was not seen, and a mailbox server that "
    "is left out can no longer send."
)


def _own(facts: Facts, host: str) -> list[Network]:
    """Return the addresses of the node and of every other node that was seen."""
    nodes = dict.fromkeys((host, *facts.evidence.hosts))
    seen = [facts.read(ADDRESSES, node) for node in nodes]
    addresses = [address for own in seen for address in own]
    return [net for net in map(network, addresses) if net is not None and single(net)]


def strangers(facts: Facts, host: str, words: tuple[str, ...]) -> list[str]:
    """Return the words that trust somebody outside; what is no network is left."""
    relays = [net for net in map(network, facts.profile.networks.relays) if net]
    own = _own(facts, host)
    bad = []
    for word in words:
        net = network(word)
        if net is None or loopback(net) or net in own:
            continue
        if not any(covers(relay, net) for relay in relays):
            bad.append(word)
    return bad


def cure(facts: Facts, host: str, more: list[str]) -> SetAttr | None:
    """Return the narrowed list without `more` too; none where a node was not seen."""
    if facts.unseen_hosts():
        return None
    words = declared_words(facts, host)
    try:
        bad = dict.fromkeys((*strangers(facts, host, words), *more))
        found = narrowed(facts, host, words, list(bad))
    except Unseen:
        return None
    return None if found.after == (found.before or ()) else found


def narrowed(
    facts: Facts, host: str, words: tuple[str, ...], bad: list[str]
) -> SetAttr:
    """Keep what is sound; trust own addresses, and nodes trusted until now, singly."""
    before = next(s for s in facts.servers() if s.name == host).own(ATTRIBUTE)
    kept = [word for word in words if word not in bad]
    have = [net for net in map(network, kept) if net is not None]
    wide = [net for net in map(network, bad) if net is not None]
    here = facts.read(ADDRESSES, host)
    others = [a for n in facts.evidence.hosts for a in facts.read(ADDRESSES, n)]
    for address in dict.fromkeys((*here, *others)):
        net = network(address)
        if net is None or net.is_link_local or any(covers(n, net) for n in have):
            continue
        if address not in here and not any(covers(n, net) for n in wide):
            continue
        kept.append(f"[{net.network_address}]/128" if net.version == _SIX else str(net))
    return SetAttr(f"server:{host}", ATTRIBUTE, before or None, (" ".join(kept),))
