"""`zmward firewall`: the verbs of the packet filter, each in a file of its own."""

from importlib import import_module

import click

SUBVERBS = {
    "show": "who would reach what, why, and what is wrong with that",
    "render": "the same as rules for nftables, iptables, ipset or ufw",
    "check": "where the rules let in more or less than that",
    "try": "load that with a dead man's switch: confirmed, or gone again",
    "explain": "what becomes of one packet, and by which rule",
    "observe": "who asks for what the policy would drop; nothing is dropped",
}


class _Subverbs(click.Group):
    """Imports a verb's module only when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(SUBVERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in SUBVERBS:
            return None
        module = import_module(f"zmward.cli.firewall_{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(SUBVERBS.items()))


@click.group("firewall", cls=_Subverbs, help="What the packet filter lets in, and why.")
def command() -> None:
    """Hold the verbs of the firewall."""
