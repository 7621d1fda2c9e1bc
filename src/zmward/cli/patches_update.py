"""`zmward patches update`: takes a newer catalog of advisories, if it is signed."""

from datetime import UTC, datetime

import click

from zmward.cli.options import common, given, language, profile, write
from zmward.engine.catalog import Taken, update
from zmward.i18n import Speaker, mark
from zmward.reports.plain import plain

_NAMED = 8


def _told(taken: Taken) -> str:
    say = Speaker()
    text = say(
        mark("Catalog {serial} is in use: {count} advisories, as of {day}.")
    ).format(
        serial=taken.serial,
        count=len(taken.advisories.rows),
        day=taken.advisories.generated,
    )
    if not taken.added:
        return f"{text}\n{say(mark('None of them is new.'))}\n"
    names = ", ".join(plain(one, 40) for one in taken.added[:_NAMED])
    more = len(taken.added) - _NAMED
    if more > 0:
        names = say(mark("{names} and {count} more")).format(names=names, count=more)
    return f"{text}\n{say(mark('New: {names}.')).format(names=names)}\n"


@click.command("update", help="Take a newer signed catalog, from a file or by https.")
@common("profile", "lang")
@click.argument("source", metavar="FILE|URL")
@click.pass_context
def command(ctx: click.Context, /, *, source: str, **shared: str | None) -> int:
    """Take the catalog and its signature (the same name with .sig), or refuse both."""
    language(given(ctx, "lang", shared["lang"]))
    site = profile(given(ctx, "profile", shared["profile"]))
    write(_told(update(source, site.patches, datetime.now(UTC))), None)
    return 0
