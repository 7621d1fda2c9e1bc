"""`zmward patches readiness`: what to put right before an upgrade."""

from pathlib import Path
from typing import Any

import click

from zmward.cli.audit import stored
from zmward.cli.options import common, door, write
from zmward.cli.patches_place import Judged, judged
from zmward.cli.screen import screen
from zmward.engine.catalog import active
from zmward.engine.holes import needs as holes_need
from zmward.facts import Facts
from zmward.finding import moment
from zmward.patches.readiness import Ready
from zmward.reports.plain import in_json


def _quiet(_text: str) -> None:
    return None


def _found(place: Judged) -> tuple[Ready, ...]:
    from zmward.cli.template_history import record, template_history
    from zmward.doors.open_directory import open_directory
    from zmward.doors.zimbra_host import ZimbraHost
    from zmward.engine.readiness import readiness
    from zmward.engine.site import Site

    catalog = active(place.profile.patches)
    facts = Facts(place.evidence, place.profile, place.now, catalog)
    if not place.live:
        return readiness(facts)
    way = door(place.host)
    site = Site(door=way, opener=lambda: open_directory(ZimbraHost(way), _quiet))
    try:
        node = next(iter(facts.evidence.hosts), "")
        found = record(place)
        return readiness(facts, site, template_history(node, found), found)
    finally:
        site.reopen()


def _changed(place: Judged, before: str) -> tuple[Ready, ...]:
    """Return what differs from evidence that was collected before an upgrade."""
    from zmward.cli.template_history import history_since, older_than, record
    from zmward.engine.changed_templates import after
    from zmward.patches.compared import compared
    from zmward.patches.readiness import STATES

    was = stored(Path(before))
    old = Facts(was, place.profile, moment(was.when))
    new = Facts(place.evidence, place.profile, place.now)
    node = next(iter(new.evidence.hosts), "")
    kept = older_than(record(place), old.now)
    known = history_since(node, kept, was.when)
    found = (*compared(old, new), *after(kept, known))
    return tuple(sorted(found, key=lambda one: STATES.index(one.state)))


@click.command("readiness", help="What to put right before an upgrade.")
@common("host", "profile", "now", "lang", "quiet", "no_color")
@click.option("--demo", "sample", is_flag=True, help="Judge the sample server.")
@click.option("--evidence", "paths", multiple=True, metavar="FILE", help="Recorded.")
@click.option("--before", metavar="FILE", help="Evidence of before: what changed.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.readiness/1.")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    as_json: bool,
    before: str | None,
    output: str | None,
    **shared: Any,
) -> int:
    """Print what was found; 3 for anything unknown, 1 for anything bad, else 0."""
    from zmward.engine.readiness import needs
    from zmward.reports.readiness_text import document, render

    place = judged(ctx, shared, lambda site: needs() | holes_need(active(site.patches)))
    found = _changed(place, before) if before else _found(place)
    host = ", ".join(place.evidence.hosts)
    if as_json:
        text = in_json(document(found, host, place.evidence.when))
    else:
        shown = screen(color=place.color and output is None)
        text = render(
            found,
            host,
            width=shown.width,
            color=shown.color,
            encoding=shown.encoding,
            after=before is not None,
        )
    write(text, output)
    states = {one.state for one in found}
    return 3 if "unknown" in states else 1 if "bad" in states else 0
