"""Networks that Postfix trusts: read, measured, and told apart."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from zmward.facts import Facts

ATTRIBUTE = "zimbraMtaMyNetworks"

Network = IPv4Network | IPv6Network

_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](/\d{1,3})?")


def words_of(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of zimbraMtaMyNetworks or of mynetworks."""
    return tuple(" ".join(values).replace(",", " ").split())


def declared_words(facts: Facts, host: str) -> tuple[str, ...]:
    """Return the words in force on a server: its own, else the global ones."""
    for server in facts.servers():
        if server.name == host:
            return words_of(server.own(ATTRIBUTE) or facts.config().own(ATTRIBUTE))
    return ()


def network(word: str) -> Network | None:
    """Return what a word trusts, host bits or not; None where it is no network."""
    match = _BRACKETED.fullmatch(word)
    bare = f"{match[1]}{match[2] or ''}" if match else word
    try:
        return ip_network(bare, strict=False)
    except ValueError:
        return None


def flaw(word: str) -> str:
    """Return what is wrong with the way a word is written, or nothing."""
    found = network(word)
    if found is None:
        return f"{word} is no network"
    bare = word.replace("[", "").replace("]", "")
    if isinstance(found, IPv6Network) and "[" not in word:
        return f"{word} lacks the brackets that IPv6 needs"
    if "/" in bare and ip_network(bare, strict=False) != _strict(bare):
        return f"{word} has bits behind its prefix"
    return ""


def _strict(bare: str) -> Network | None:
    try:
        return ip_network(bare)
    except ValueError:
        return None


def unread(words: tuple[str, ...]) -> str:
    """Return why a list cannot be judged whole: tables and exceptions in it."""
    bad = [word for word in words if network(word) is None]
    return f"what {' '.join(bad)} trusts is not known" if bad else ""


_PRIVATE = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    )
)


def private(found: Network) -> bool:
    """Say whether nobody on the internet has an address of the network."""
    return any(covers(net, found) for net in (*_PRIVATE, *_LOOPBACK))


def covers(outer: Network, inner: Network) -> bool:
    """Say whether all of `inner` lies in `outer`."""
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def loopback(found: Network) -> bool:
    """Say whether a network is loopback and nothing else."""
    return any(covers(net, found) for net in _LOOPBACK)


def single(found: Network) -> bool:
    """Say whether a network is one address."""
    return found.num_addresses == 1
