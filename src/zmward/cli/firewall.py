"""`zmward firewall`: the verbs of the packet filter, each in a file of its own."""

from zmward.cli.subverbs import Subverbs

SUBVERBS = {
    "show": "who would reach what, why, and what is wrong with that",
    "render": "the same as rules for nftables, iptables, ipset or ufw",
    "check": "where the rules let in more or less than that",
    "try": "load that with a dead man's switch: confirmed, or gone again",
    "explain": "what becomes of one packet, and by which rule",
    "observe": "who asks for what the policy would drop; nothing is dropped",
}

command = Subverbs(
    "firewall", SUBVERBS, about="What the packet filter lets in, and why."
)
