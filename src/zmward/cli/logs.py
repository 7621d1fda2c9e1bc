"""`zmward logs`: the verbs of the logs, each in a file of its own."""

from importlib import import_module

import click

SUBVERBS = {
    "report": "who attacks, whom, and who got in",
}
_COMING = ("follow", "bans")


class _Subverbs(click.Group):
    """Imports a verb's module only when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(SUBVERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMING:
            ctx.fail(f"the verb 'logs {cmd_name}' has not landed in this version yet.")
        if cmd_name not in SUBVERBS:
            return None
        module = import_module(f"zmward.cli.logs_{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(SUBVERBS.items()))


@click.group("logs", cls=_Subverbs, help="Who attacks, and who got in.")
def command() -> None:
    """Hold the verbs of the logs."""
