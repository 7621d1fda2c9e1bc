"""Loaded rules for the examples of controls: what a host without and with some says."""

from typing import Final

NO_RULES: Final = "> iptables none\n"
# Established connections, the loopback, and SSH as every rule set has them.
USUAL: Final = (
    "-i lo -j ACCEPT",
    "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-p tcp -m tcp --dport 22 -j ACCEPT",
)


def _saved(back_end: str, rules: tuple[str, ...], policy: str) -> str:
    lines = "".join(f"-A INPUT {rule}\n" for rule in rules)
    return f"> {back_end} legacy\n*filter\n:INPUT {policy} [0:0]\n{lines}COMMIT\n"


def ipv4(*rules: str, policy: str = "DROP") -> str:
    """Return an answer of rules for IPv4 alone."""
    return _saved("iptables", (*USUAL, *rules), policy)


def both(*rules: str, policy: str = "DROP") -> str:
    """Return an answer of rules for both families, each address in its own."""
    words = {rule: rule.partition("-s ")[2].partition(" ")[0] for rule in rules}
    four = tuple(rule for rule in rules if ":" not in words[rule])
    six = tuple(rule for rule in rules if "." not in words[rule])
    other = _saved("ip6tables", (*USUAL, *six), policy)
    return ipv4(*four, policy=policy) + other
