"""`zmward firewall show`: the whitelist of a node, as a picture and in full."""

from typing import Any

import click

from zmward.cli.firewall_place import asking, whole
from zmward.cli.options import write
from zmward.cli.screen import screen
from zmward.firewall.grid import places, planned, shut
from zmward.firewall.managers import loaded
from zmward.firewall.policy import policy
from zmward.reports.plain import in_json

REFUSED = 4


@click.command("show", help="Who would reach what, why, and what is wrong with that.")
@asking
@click.option("--json", "as_json", is_flag=True, help="As zmward.policy/1.")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context, /, *, as_json: bool, output: str | None, **shared: Any
) -> int:
    """Print the policy; exit code 4 where it may not be loaded."""
    node = whole(ctx, shared)
    found = policy(node.facts, node.host)
    grid = planned(found, places(node.facts, node.host))
    closed = shut(node.facts, node.host, found)
    when = node.facts.evidence.when
    if as_json:
        from zmward.reports import policy_json

        document = policy_json.document(found, grid, closed, when)
        text = in_json(policy_json.render(document))
    else:
        from zmward.reports import policy_text

        seen = screen(color=node.color and output is None)
        text = policy_text.render(
            policy_text.Shown(
                *(found, grid, closed, when, loaded(node.facts, node.host)),
                node.full(),
            ),
            width=seen.width,
            color=seen.color,
            encoding=seen.encoding,
        )
    write(text, output)
    return REFUSED if found.refused else 0
