"""`zmward integrity explain`: one path, its class, its package, and what changed."""

from typing import Any

import click

from zmward.cli.integrity_place import SHARED, Asked, own
from zmward.cli.options import common, write
from zmward.cli.screen import screen
from zmward.reports.plain import in_json


@click.command("explain", help="One path: what it is, what changed, what to do.")
@common(*SHARED)
@own("root", "keys", "expect")
@click.option("--json", "as_json", is_flag=True, help="As zmward.integrity-path/1.")
@click.argument("path")
@click.pass_context
def command(ctx: click.Context, /, *, path: str, as_json: bool, **shared: Any) -> int:
    """Print it; 1 for an alarm, 3 for a content that cannot be read, else 0."""
    from zmward.engine.integrity_explain import explain
    from zmward.engine.integrity_state import exists
    from zmward.reports.integrity_explained import render, shown, text

    asked = Asked(ctx, shared)
    with asked.place() as place:
        wish = asked.wish() if exists(asked.root) else None
        found = explain(place, wish, path)
    document = shown(
        *(found.path, found.kind, found.pattern),
        looked=found.looked,
        package=(found.package, found.version),
        as_shipped=found.as_shipped,
        nodes=(found.was, found.now),
        why_not=found.why_not,
        judged=found.judged,
        header=found.header,
        head=found.head,
        writers=found.writers,
        unmade=found.unmade,
    )
    if as_json:
        write(in_json(render(document)), None)
    else:
        terminal = screen(color=asked.color)
        write(
            text(
                document,
                width=terminal.width,
                color=terminal.color,
                encoding=terminal.encoding,
            ),
            None,
        )
    unread = bool(found.why_not) or (found.now is not None and bool(found.now.unread))
    return 3 if unread else 1 if document.alarms else 0
