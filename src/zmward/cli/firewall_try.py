"""`zmward firewall try`: loads the whitelist, and takes it back unless confirmed."""

import sys
from collections.abc import Iterable
from typing import Any

import click
from msgspec.structs import replace

from zmward.cli.applying import asked, carried_out, told
from zmward.cli.firewall_place import with_others
from zmward.cli.main import own_version
from zmward.cli.observed_file import with_observed
from zmward.cli.options import common, given, profile, write
from zmward.cli.place import Place, place
from zmward.cli.progress import progress
from zmward.cli.repairing import note, say, who
from zmward.engine.apply import Wish
from zmward.engine.operator import operators
from zmward.engine.verify import Proof
from zmward.engine.whitelist import backend, planned, proved, ruleset
from zmward.errors import Refused, Usage
from zmward.evidence import DIRECTORY, Evidence
from zmward.facts import Facts
from zmward.finding import moment
from zmward.firewall.openings import Policy
from zmward.firewall.policy import policy
from zmward.reports.plain import plain
from zmward.reports.plan_json import render

_SWITCH = 120


def _evidence(
    here: Place, paths: Iterable[str], *, quiet: bool
) -> tuple[Evidence, str]:
    """Ask the host, and add what was collected of the other nodes before."""
    if here.sample is not None:
        if tuple(paths):
            raise Usage("The sample server is alone: --demo takes no --evidence.")
        return here.sample.seen(), here.sample.host
    silent = quiet or not sys.stderr.isatty()
    with progress(f"asking {here.name}", silent=silent) as moved:
        return with_others(here.door, paths, moved)


def _others(evidence: Evidence, host: str) -> Evidence | None:
    """Return what the other nodes have said; None where there are none."""
    answers = {h: own for h, own in evidence.answers.items() if h != host}
    answers.pop(DIRECTORY, None)
    return replace(evidence, answers=answers) if answers else None


def _operators(here: Place, *, console: bool) -> tuple[str, ...]:
    """Return from where somebody works on the host; they must stay let in."""
    found = operators(here.door)
    if not found and not console and here.sample is None:
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
@click.option("--demo", "sample", is_flag=True, help="On the sample server.")
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
    sample: bool,
    as_json: bool,
    yes: bool,
    **shared: Any,
) -> int:
    """Make the plan of one ruleset, show it, and carry it out."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    site, quiet = profile(options["profile"]), bool(options["quiet"])
    with place(options["host"], sample=sample) as here:
        known = _operators(here, console=console)
        evidence, host = _evidence(here, paths, quiet=quiet)
        facts = Facts(evidence, site, moment(evidence.when))
        wanted = with_observed(policy(facts, host, known), observed, site)
        _require(wanted)
        rules = ruleset(here.door, wanted, backend(here.door))
        plan = planned(here.door, facts, host, rules, own_version())
        if output is not None:
            write(render(plan), output)
            return 0
        if not (quiet and yes):
            _shown(wanted)
        wish = Wish(confirm_within=confirm_within, who=who(), despite=despite)
        asked(plan, here, wish, quiet=quiet, yes=yes)

        def prove() -> Proof:
            found = here.prove(plan, site, _others(evidence, host))
            # The sample server has no kernel that would show them.
            if here.sample is not None:
                return found
            return proved(here.door, facts, wanted, own_version(), found)

        found = carried_out(
            plan, here, wish, prove, lambda: here.suspect(plan, site), quiet=quiet
        )
        return told(found, here, as_json=as_json)
