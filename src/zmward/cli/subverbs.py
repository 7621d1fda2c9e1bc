"""A verb that holds others: each is imported only when it is used."""

from collections.abc import Mapping
from importlib import import_module

import click


class Subverbs(click.Group):
    """The verbs of one folder of verbs; their modules are called `VERB_SUBVERB`."""

    def __init__(self, name: str, verbs: Mapping[str, str], about: str) -> None:
        super().__init__(name, help=about, callback=_nothing)
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their own order."""
        del ctx
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb's module and return its command."""
        del ctx
        if cmd_name not in self._verbs:
            return None
        module = import_module(f"zmward.cli.{self.name}_{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write what each verb is for, without importing any."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(self._verbs.items()))


def _nothing() -> None:
    """Do nothing before the verb itself."""
