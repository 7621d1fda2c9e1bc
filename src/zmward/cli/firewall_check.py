"""`zmward firewall check`: every difference between the rules and the whitelist."""

from typing import Any

import click

from zmward.cli.firewall_place import asking, whole
from zmward.cli.options import write
from zmward.cli.rule_files import content
from zmward.cli.screen import screen
from zmward.errors import BadFile
from zmward.firewall.checked import Checked, check
from zmward.firewall.managers import managers
from zmward.firewall.openings import FAMILIES
from zmward.firewall.policy import policy
from zmward.firewall.saved import Saved, read, together
from zmward.reports.plain import in_json
from zmward.sources.source import Unreadable


def _one(path: str) -> Saved:
    try:
        found = read(content(path))
    except Unreadable as error:
        raise BadFile(f"{path} is no rule set: {error}.") from error
    if not found.rules.chains:
        raise BadFile(f"{path} is no rule set: there is no chain in it.")
    return found


def _saved(paths: tuple[str, ...]) -> Saved:
    try:
        return together(map(_one, paths))
    except Unreadable as error:
        raise BadFile(f"{' and '.join(paths)}: {error}.") from error


def exit_code(found: Checked) -> int:
    """Return 3 where not all is known, 1 for differences, else 0."""
    if not found.complete:
        return 3
    return 1 if found.deviations else 0


@click.command("check", help="Every excess and every missing opening of the rules.")
@asking
@click.option(
    "--ruleset", "files", multiple=True, metavar="FILE", help="Not the loaded ones."
)
@click.option("--json", "as_json", is_flag=True, help="As zmward.check/1.")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    files: tuple[str, ...],
    as_json: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print the differences; 0 without any, 1 with some, 3 where not all is known."""
    saved = _saved(files) if files else None
    node = whole(ctx, shared)
    missing: tuple[str, ...] = ()
    full = node.full() if saved is None else ()
    if saved is None:
        loaded = node.loaded()
        saved, missing = Saved(loaded.rules, FAMILIES), loaded.missing
    wanted = policy(node.facts, node.host)
    found = check(node.facts, wanted, saved.rules, saved.families, missing)
    rules = " and ".join(files) or "the loaded rules"
    when = node.facts.evidence.when
    if as_json:
        from zmward.reports import check_json

        document = check_json.document(found, when, rules, saved.assumed, full)
        text = in_json(check_json.render(document))
    else:
        from zmward.reports import check_text

        seen = screen(color=node.color and output is None)
        owners = managers(saved.rules)
        text = check_text.render(
            check_text.Shown(found, when, rules, owners, saved.assumed, full),
            width=seen.width,
            color=seen.color,
            encoding=seen.encoding,
        )
    write(text, output)
    return exit_code(found)
