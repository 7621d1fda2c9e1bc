"""`zmward integrity accept`: take what packages changed, and what a person names."""

import sys
from typing import Any

import click
import msgspec

from zmward.cli.integrity_place import SHARED, Asked, own, signer
from zmward.cli.options import common
from zmward.errors import Refused, Usage
from zmward.reports.plain import plain

_SHOWN = 20


def _consent(question: str, *, yes: bool) -> None:
    """Ask whether to sign; without a terminal, somebody must have said --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Usage("There is no terminal to ask you: look first, then give --yes.")
    if not click.confirm(question, err=True):
        raise Refused("Nothing was signed: the baseline before stays in force.")


def _paths(paths: tuple[str, ...]) -> tuple[str, ...]:
    for path in paths:
        if not path.startswith("/") or path.strip("/") == "":
            raise Usage(
                f"--path {path!r} is no place: write a whole path, or a folder for all "
                "that lies in it."
            )
    return tuple(path.rstrip("/") for path in paths)


@click.command("accept", help="Take packages' own changes, and what you name.")
@common(*SHARED)
@own("root", "key", "passphrase", "keys", "expect", "hurry")
@click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="PATH",
    help="Take this path too, or all below this folder.",
)
@click.option("--yes", is_flag=True, help="Sign without asking; takes no more.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.integrity/1.")
@click.option("--all", "everything", is_flag=True, help="Every path.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    key: str | None,
    phrase: str | None,
    paths: tuple[str, ...],
    yes: bool,
    as_json: bool,
    everything: bool,
    **shared: Any,
) -> int:
    """Sign a new baseline; 1 where alarms are left, 3 for places that were not seen."""
    from zmward.engine.integrity_record import keep
    from zmward.engine.integrity_work import accept, left, proposed
    from zmward.reports.integrity_json import accepted

    asked = Asked(ctx, shared)
    with asked.place() as place:
        wish = asked.wish()
        what = proposed(place, wish, _paths(paths))
        for path in what.own[:_SHOWN]:
            click.echo(f"takes {plain(path)}", err=True)
        if len(what.own) > _SHOWN:
            click.echo(f"and {len(what.own) - _SHOWN} more", err=True)
        question = f"Sign a baseline that takes {len(what.own)} changes?"
        _consent(question, yes=yes)
        using = signer(asked.root, key, None, phrase)
        header, head, forgotten = accept(place, wish, using, what)
        rest = msgspec.structs.replace(left(what), header=header, head=head)
        asked.warn(keep(asked.root, wish, rest))
    shown = accepted(rest, what.own, forgotten)
    asked.say(shown, as_json=as_json, everything=everything)
    return rest.code
