"""`zmward logs forward`: sends log lines to a central server, and proves it."""

import sys
from functools import partial
from typing import Any

import click

from zmward.cli.applying import asked, carried_out, report, told
from zmward.cli.firewall_place import with_others
from zmward.cli.log_identity import identified, named, signed
from zmward.cli.log_plan import log_plan
from zmward.cli.options import common, door, given, profile, write
from zmward.cli.place import Place, place
from zmward.cli.progress import progress
from zmward.cli.repairing import say, who
from zmward.doors.host import Door
from zmward.engine.apply import Applied, Wish
from zmward.engine.forwarding import SENDING, forwarding
from zmward.engine.log_arrival import Arrival, arrived
from zmward.engine.verify import Proof
from zmward.errors import Usage
from zmward.facts import Facts
from zmward.finding import moment
from zmward.logs.forward import FILES, RECEIVED, Peer, Sending, files
from zmward.profile import Profile
from zmward.reports.plan_json import render
from zmward.sources.directory import SERVERS
from zmward.sources.identity import IDENTITY
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.logging import RSYSLOG
from zmward.sources.packages import PACKAGES

_ASKED = (IDENTITY, LOCALCONFIG, PACKAGES, SERVERS, RSYSLOG)
_ALSO = tuple(one.name for one in FILES if not one.wanted)


def _facts(here: Place, site: Profile, *, quiet: bool) -> tuple[Facts, str]:
    silent = quiet or not sys.stderr.isatty()
    with progress(f"asking {here.name}", silent=silent) as moved:
        evidence, host = with_others(here.door, (), moved, _ASKED)
    return Facts(evidence, site, moment(evidence.when)), host


def _roles(facts: Facts, host: str) -> tuple[str, ...]:
    return tuple(role for role in ("mailbox", "proxy") if host in facts.hosts(role))


def _looker(seen_by: str | None, written: str, to: Peer) -> Arrival:
    if not written.startswith("/"):
        raise Usage(f"--written {written!r} is no absolute path.")
    found: Door | None = None if seen_by is None else door(seen_by)
    return Arrival(found, written, to.name, to.port)


@click.command("forward", help="Send log lines to a central server, inside TLS.")
@common("host", "profile", "quiet")
@click.option("--to", required=True, metavar="NAME[:PORT]", help="The log host.")
@identified
@click.option(
    "--also",
    multiple=True,
    type=click.Choice(_ALSO),
    help="More files than audit.log and nginx's logs.",
)
@click.option("--seen-by", metavar="USER@HOST", help="Look there for the test line.")
@click.option(
    "--written",
    default=RECEIVED,
    show_default=True,
    metavar="DIR",
    help="Where the log host writes.",
)
@click.option("--plan", "output", metavar="FILE", help="Only write the plan.")
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
    to: str,
    also: tuple[str, ...],
    seen_by: str | None,
    written: str,
    output: str | None,
    despite: bool,
    as_json: bool,
    yes: bool,
    **shared: Any,
) -> int:
    """Make the plan, show it, carry it out, and look for a test line."""
    for name in ("host", "profile", "quiet"):
        shared[name] = given(ctx, name, shared[name])
    site, quiet = profile(shared["profile"]), bool(shared["quiet"])
    target = named(to, "--to")
    looker = _looker(seen_by, written, target)
    certificates = signed(shared, say)
    with place(shared["host"], sample=False) as here:
        facts, host = _facts(here, site, quiet=quiet)
        if target.name == host:
            raise Usage(f"--to {to} is {here.name} itself: name another host.")
        what = Sending(target, files(_roles(facts, host), also))
        plan = log_plan(
            *(here, facts, host),
            name=host,
            certificates=certificates,
            lacking=partial(forwarding, here.door, facts, host, what),
            about=SENDING,
        )
        if output is not None:
            write(render(plan), output)
            return 0

        def prove() -> Proof:
            return arrived(here.door, looker, what.files, here.prove(plan, site))

        if not plan.steps:
            say("everything is in place already; the test line goes again")
            done = Applied("", prove())
            return told(report(plan, done, here), here, as_json=as_json)
        wish = Wish(who=who(), despite=despite)
        asked(plan, here, wish, quiet=quiet, yes=yes)
        found = carried_out(
            plan, here, wish, prove, lambda: here.suspect(plan, site), quiet=quiet
        )
        return told(found, here, as_json=as_json)
