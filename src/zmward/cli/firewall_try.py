"""`zmward firewall try`: loads the whitelist, and takes it back unless confirmed."""

import sys
from collections.abc import Iterable
from typing import Any

import click

from zmward.cli.applying import asked, carried_out, told
from zmward.cli.firewall_place import with_others
from zmward.cli.main import own_version
from zmward.cli.observed_file import with_observed
from zmward.cli.options import common, door, given, profile, write
from zmward.cli.place import place
from zmward.cli.progress import progress
from zmward.cli.repairing import note, say, who
from zmward.doors.host import Door
from zmward.engine.apply import Wish
from zmward.engine.operator import operators
from zmward.engine.whitelist import backend, planned, proved, ruleset
from zmward.errors import Refused
from zmward.evidence import Evidence
from zmward.facts import Facts
from zmward.finding import moment
from zmward.firewall.openings import Policy
from zmward.firewall.policy import policy
from zmward.reports.plain import plain

_SWITCH = 120


def _evidence(way: Door, paths: Iterable[str], *, quiet: bool) -> tuple[Evidence, str]:
    silent = quiet or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        return with_others(way, paths, moved)


def _operators(way: Door, *, console: bool) -> tuple[str, ...]:
    """Return from where somebody works on the host; they must stay let in."""
    found = operators(way)
    if not found and not console:
        raise Refused(
            "The rules can cut you off, and neither sshd's sockets nor logind show "
            "from where you come. Say --console if you sit at the machine."
        )
    if found:
        say(f"logged in from {', '.join(found)}")
    return found


def _require(found: Policy) -> None:
    """Refuse a whitelist that may not be loaded, and name every reason."""
    if found.refused:
        lines = "\n".join(f"  {one.kind}: {plain(one.text)}" for one in found.refused)
        raise Refused(
            f"The whitelist of {found.host} may not be loaded, nothing was changed:\n"
            f"{lines}\n`zmward firewall show` says what to do about each."
        )


def _shown(found: Policy) -> None:
    """Say in a few lines who may reach what, for whoever is about to say yes."""
    zones: dict[str, list[str]] = {}
    for one in found.openings:
        zones.setdefault(one.zone, []).append(one.name)
    for zone, names in zones.items():
        note(plain(f"  {zone:<18} {', '.join(dict.fromkeys(names))}", 400))
    for problem in found.problems:
        note(f"  note: {plain(problem.text, 400)}")


@click.command("try", help="Load the whitelist; it goes again unless it is confirmed.")
@common("host", "profile", "quiet")
@click.option(
    "--confirm-within",
    type=click.IntRange(5, 86400),
    default=_SWITCH,
    show_default=True,
    metavar="S",
    help="Take it back after S seconds, unless confirmed from a new login.",
)
@click.option(
    "--evidence", "paths", multiple=True, metavar="FILE", help="Of the other nodes."
)
@click.option(
    "--observed", metavar="FILE", help="Refuse what `observe` saw and nobody decided."
)
@click.option("--plan", "output", metavar="FILE", help="Only write the plan.")
@click.option("--console", is_flag=True, help="You sit at the machine itself.")
@click.option(
    "--despite-signs-of-compromise",
    "despite",
    is_flag=True,
    help="Go on though an intruder seems to have been there.",
)
@click.option("--json", "as_json", is_flag=True, help="The result as zmward.run/1.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    confirm_within: int,
    paths: tuple[str, ...],
    observed: str | None,
    output: str | None,
    console: bool,
    despite: bool,
    as_json: bool,
    yes: bool,
    **shared: Any,
) -> int:
    """Make the plan of one ruleset, show it, and carry it out."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    site, quiet = profile(options["profile"]), bool(options["quiet"])
    way = door(options["host"])
    working_here = _operators(way, console=console)
    evidence, host = _evidence(way, paths, quiet=quiet)
    facts = Facts(evidence, site, moment(evidence.when))
    wanted = with_observed(policy(facts, host, working_here), observed, site)
    _require(wanted)
    rules = ruleset(way, wanted, backend(way))
    plan = planned(way, facts, host, rules, own_version())
    if output is not None:
        from zmward.reports.plan_json import render

        write(render(plan), output)
        return 0
    wish = Wish(confirm_within=confirm_within, who=who(), despite=despite)
    with place(options["host"], sample=False) as here:
        if not (quiet and yes):
            _shown(wanted)
        asked(plan, here, wish, quiet=quiet, yes=yes)
        found = carried_out(
            plan,
            here,
            wish,
            lambda: proved(
                here.door, facts, wanted, own_version(), here.prove(plan, site)
            ),
            lambda: here.suspect(plan, site),
            quiet=quiet,
        )
        return told(found, here, as_json=as_json)
