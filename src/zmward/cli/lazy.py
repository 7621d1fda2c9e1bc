"""A group of verbs, of which only the one that is used is imported."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click


class LazyVerbs(click.Group):
    """Finds a verb in a module of its own: `modules` and the verb make its name."""

    def __init__(
        self,
        *args: Any,
        modules: str,
        verbs: Mapping[str, str],
        coming: Sequence[str] = (),
        **more: Any,
    ) -> None:
        """Take each verb with its line of help, and those that have not landed."""
        super().__init__(*args, **more)
        self._modules, self._verbs, self._coming = modules, verbs, coming

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the work."""
        del ctx
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one verb."""
        if cmd_name in self._coming:
            ctx.fail(f"the verb '{cmd_name}' has not landed in this version yet.")
        if cmd_name not in self._verbs:
            return None
        command: click.Command = import_module(f"{self._modules}{cmd_name}").command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the verbs' lines of help without importing any."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(self._verbs.items()))
