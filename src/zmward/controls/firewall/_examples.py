"""Loaded rules for the examples of controls: what a host without and with some says."""

from collections.abc import Mapping
from typing import Any, Final

from zmward.sources.listeners import Listener

NO_RULES: Final = "> iptables none\n"
# Established connections, the loopback, and SSH as every rule set has them.
USUAL: Final = (
    "-i lo -j ACCEPT",
    "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-p tcp -m tcp --dport 22 -j ACCEPT",
)

_USES = {
    "services": {"imap": "unwanted", "pop": "unwanted", "smtp-auth": "unwanted"},
    "networks": {"admins": ["10.9.0.0/24"]},
}
# A server whose whitelist is decided: SSH, SMTP and the web.
GIVEN: Final[Mapping[str, Any]] = {
    "server": {
        "zimbraMailMode": "https",
        "zimbraReverseProxyMailMode": "https",
        "zimbraMailSSLProxyPort": "443",
        "zimbraServiceEnabled": ("mta", "proxy"),
    },
    "localconfig": {},
    "sshd": {},
    "raw": {
        "resolved-names": "> mail.example.com\n192.0.2.10\n",
        "established": "ESTAB 0 0 192.0.2.10:22 10.9.0.5:40000\n",
        "raw-sockets": "",
    },
    "listeners": (
        Listener("tcp", "192.0.2.10", 22, "sshd"),
        Listener("tcp", "192.0.2.10", 25, "master"),
        Listener("tcp", "192.0.2.10", 443, "nginx"),
    ),
    "addresses": ("192.0.2.10",),
    "profile": _USES,
}


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
