"""The command `zmward`: finds the verb, runs it, and turns errors into exit codes."""

import gc
import io
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click

from zmward.errors import ZmwardError
from zmward.reports.plain import visible

VERBS = {
    "init": "write a commented profile from what the server shows",
    "list": "every control: id, title, severity, tips",
    "explain": "one control in full",
    "collect": "ask every source once and print the evidence",
    "collector": "print the same questions as a shell script",
    "audit": "how the server stands, and why that matters",
    "diff": "what changed between two reports",
    "plan": "the changes that would repair it, and whom they would hurt",
    "apply": "carry a plan out; if a step fails, all is taken back",
    "confirm": "keep a run and remove its dead man's switch",
    "verify": "audit again what a run was meant to repair",
    "rollback": "take a run back, newest change first",
    "history": "what zmward did on a host",
    "firewall": "what the packet filter lets in, and why",
    "scan": "what others see of a host, and what they could do",
    "patches": "which holes are open, and by when each must be closed",
    "integrity": "what changed in the installation, and what is odd in it",
    "logs": "who attacks, whom, and who got in",
    "config": "the configuration as a readable history",
    "backup": "are there backups, and do they restore",
}
_COMING = ("accounts", "preauth", "tunnel", "watch", "fleet")
_BUG = 70
_INTERRUPTED = 130
_STDERR = 2


class _Verbs(click.Group):
    """Imports a verb's module only when the verb is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMING:
            ctx.fail(f"the verb '{cmd_name}' has not landed in this version yet.")
        if cmd_name not in VERBS:
            return None
        module = import_module(f"zmward.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zmward", message="zmward %(version)s")
@click.option("--host", metavar="USER@HOST", help="Ask this host over ssh.")
@click.option("--profile", metavar="FILE", help="The site's profile.")
@click.option("--now", metavar="DATE", help="Judge as if it were this time.")
@click.option("--lang", metavar="LANG", help="The language of texts for people.")
@click.option("--quiet", is_flag=True, default=None, help="No talk on standard error.")
@click.option("--no-color", is_flag=True, default=None, help="No colours.")
@click.pass_context
def main(ctx: click.Context, /, **options: object) -> None:
    """Find out how a Zimbra server is exposed, and why that matters."""
    ctx.obj = {name: value for name, value in options.items() if value is not None}


def _reported(error: ZmwardError) -> int:
    # The text may quote a far host, its ssh daemon's banner too.
    with suppress(OSError):
        click.echo(f"zmward: {visible(str(error))}", err=True)
    return error.code


def _bug() -> int:
    kind, error, trace = sys.exc_info()
    place = traceback.extract_tb(trace)[-1]
    click.echo(
        f"zmward: this is a bug: {kind.__name__ if kind else 'error'} in "
        f"{place.name} ({Path(place.filename).name}:{place.lineno}). "
        "Please report it with ZMWARD_DEBUG=1 set.",
        err=True,
    )
    if os.environ.get("ZMWARD_DEBUG"):
        traceback.print_exception(error)
    return _BUG


def _forgiving() -> None:
    """Let a terminal that lacks a letter show its code instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def dispatch(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    _forgiving()
    try:
        result = main.main(args=arguments, prog_name="zmward", standalone_mode=False)
    except ZmwardError as error:
        return _reported(error)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("zmward: interrupted.", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:  # noqa: BLE001  # the one place that turns a bug into exit 70
        return _bug()
    return result if isinstance(result, int) else 0


def _stand_on_three_feet() -> None:
    """Open what a caller has closed: else the next file becomes our output."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        continue
    os.close(number)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # to the end


def _let_go() -> None:
    """Drop talk that nobody takes: else Python ends with a code of its own."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), _STDERR)


def run() -> None:
    """Be the program `zmward`."""
    _stand_on_three_feet()
    code = dispatch()
    _let_go()
    # What is left is the system's to take back: to look for circles in it costs more.
    gc.freeze()
    sys.exit(code)


def own_version() -> str:
    """Return the installed version."""
    # It costs a quarter of the start-up, and few verbs need it.
    from importlib.metadata import version

    return version("zmward")
