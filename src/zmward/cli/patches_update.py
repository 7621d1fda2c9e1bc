"""`zmward patches update`: takes a newer catalog of advisories, if it is signed."""

from datetime import UTC, datetime

import click

from zmward.cli.options import common, given, language, profile, write
from zmward.engine.catalog import Taken, update
from zmward.reports.plain import plain

_NAMED = 8


def _told(taken: Taken) -> str:
    rows = taken.advisories.rows
    text = (
        f"Catalog {taken.serial} is in use: {len(rows)} advisories, as of "
        f"{taken.advisories.generated}.\n"
    )
    if not taken.added:
        return f"{text}None of them is new.\n"
    names = ", ".join(plain(one, 40) for one in taken.added[:_NAMED])
    more = len(taken.added) - _NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"{text}New: {names}{rest}.\n"


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
