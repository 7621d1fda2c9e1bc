"""`zmward firewall`: the verbs of the packet filter, each in a file of its own."""

import click

from zmward.cli.lazy import LazyVerbs

SUBVERBS = {
    "show": "who would reach what, why, and what is wrong with that",
    "render": "the same as rules for nftables, iptables, ipset or ufw",
    "check": "where the rules let in more or less than that",
    "try": "load that with a dead man's switch: confirmed, or gone again",
    "explain": "what becomes of one packet, and by which rule",
    "observe": "who asks for what the policy would drop; nothing is dropped",
}


@click.group(
    "firewall",
    cls=LazyVerbs,
    modules="zmward.cli.firewall_",
    verbs=SUBVERBS,
    help="What the packet filter lets in, and why.",
)
def command() -> None:
    """Hold the verbs of the firewall."""
