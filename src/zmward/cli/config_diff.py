"""`zmward config diff [A] [B]`: what differs between two snapshots."""

from typing import Any

import click

from zmward.cli.config_place import opened
from zmward.cli.options import common, given, language
from zmward.configuration.compare import differences, told
from zmward.configuration.merged import stale
from zmward.engine.configuration_store import Store
from zmward.errors import Usage
from zmward.reports.config_json import DiffShown, in_document
from zmward.reports.config_text import diff_text
from zmward.reports.plain import in_json


def _ends(store: Store, was: str | None, now: str | None) -> tuple[str, str]:
    """Return two commits: by default the last snapshot, and the one before it."""
    last = store.resolve(now or "HEAD")
    if was:
        return store.resolve(was), last
    row = next((one for one in store.log() if one.id == last), None)
    if row is None or not row.parent:
        raise Usage("There is one snapshot only: nothing to compare it with.")
    return row.parent, last


def compared(store: Store, was: str | None, now: str | None) -> DiffShown:
    """Return what differs between two snapshots by their names."""
    first, last = _ends(store, was, now)
    old, new = store.files(first), store.files(last)
    times = {one.id: one.time for one in store.log()}
    return DiffShown(
        repository=str(store.folder),
        was=first,
        was_when=times.get(first, ""),
        now=last,
        now_when=times.get(last, ""),
        differences=told(differences(old, new)),
        stale=stale(new),
    )


@click.command("diff", help="Say what differs between two snapshots.")
@common("lang")
@click.argument("was", metavar="[A]", required=False)
@click.argument("now", metavar="[B]", required=False)
@click.option("--repository", metavar="DIR", help="Where the history lies.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.config-diff/1.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    was: str | None,
    now: str | None,
    repository: str | None,
    as_json: bool,
    **shared: Any,
) -> int:
    """Print the differences; 3 where some were not seen, 1 where there are some."""
    language(given(ctx, "lang", shared["lang"]))
    found = compared(opened(repository), was, now)
    if as_json:
        click.echo(in_json(in_document(found)))
    else:
        click.echo(diff_text(found), nl=False)
    return 3 if found.stale else 1 if found.differences else 0
