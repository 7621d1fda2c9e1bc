"""`zmward logs bans`: jails for fail2ban, and whom they would have banned."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from zmward.bans.render import FOLDER, rendered
from zmward.bans.wanted import Bans, Ground, against, bans, late
from zmward.cli.applying import asked as agreed
from zmward.cli.applying import carried_out, reachable, told
from zmward.cli.firewall_place import ASKED, Node, asking, whole
from zmward.cli.log_place import beginning, opened_logs, trusted_by
from zmward.cli.main import own_version
from zmward.cli.options import door, given, write
from zmward.cli.place import place
from zmward.cli.repairing import who
from zmward.cli.screen import screen
from zmward.doors.own_addresses import zone
from zmward.engine.apply import Wish
from zmward.engine.ban_logs import Judged, judged, there
from zmward.engine.bans import planned
from zmward.engine.log_pieces import Asked
from zmward.engine.operator import operators
from zmward.errors import Refused, Usage
from zmward.evidence import Unseen
from zmward.firewall.settings import entry
from zmward.reports.bans_json import (
    BansShown,
    Simulated,
    document,
    render,
    stamp,
    victim,
)
from zmward.reports.plain import in_json, plain
from zmward.sources.fail2ban import FAIL2BAN
from zmward.sources.own_files import OWN_FILES
from zmward.sources.units import UNITS

_WANTED = (*ASKED, FAIL2BAN, OWN_FILES, UNITS)
_WEEK = "7d"
_LOG_OPTIONS = ("since", "files", "folders", "trusted", "timezone")


def _here(shared: dict[str, Any], ctx: click.Context) -> bool:
    """Say whether this very machine is the server that is asked."""
    elsewhere = (
        shared["sample"] or shared["paths"] or given(ctx, "host", shared["host"])
    )
    return not elsewhere


def _bans(node: Node, ground: Ground) -> Bans:
    try:
        return bans(node.facts, node.host, ground)
    except Unseen as signal:
        raise Refused(
            f"What {plain(node.host)} does in its installation is not known: "
            f"{plain(signal.missing.reason)}."
        ) from signal


def _judged(
    node: Node, found: Bans, options: dict[str, Any], now: datetime, *, here: bool
) -> Judged | None:
    """Read the logs, if there are any to read."""
    files, folders = options["files"], options["folders"]
    if not (here or files or folders):
        return None
    local = zone(options["timezone"])
    if local is None:
        raise Usage(f"--timezone {options['timezone']!r} is none: write Europe/Rome.")
    site = node.facts.profile
    since = beginning(options["since"] or _WEEK, now)
    own = here and not files and not folders
    try:
        known = trusted_by(site, options["trusted"], here=own)
        asked = Asked(local, known, since, (now + timedelta(days=1)).timestamp())
        opened = opened_logs(files, folders, since)
        store = "mailbox" in entry(node.facts, node.host).own("zimbraServiceEnabled")
        return judged(found, site, opened, asked, handed=own and not store)
    except ValueError as error:
        raise Usage(f"--trusted: {plain(str(error))}.") from error


def _refused(found: Bans, seen: Judged | None, *, here: bool) -> Bans:
    """Add what the logs say against it."""
    if seen is None:
        reasons = tuple(against(None, found.jails, ()))
    else:
        behind = seen.behind if here else 0
        reasons = (
            *against(seen.report, found.jails, seen.victims),
            *late(behind, found.jails),
        )
    return replace(found, refused=(*found.refused, *reasons))


def _simulated(
    seen: Judged | None, options: dict[str, Any], now: datetime
) -> Simulated | None:
    if seen is None:
        return None
    return Simulated(
        since=stamp(beginning(options["since"] or _WEEK, now)),
        until=stamp(now.timestamp()),
        lines=seen.report.lines,
        unparsed=seen.report.unparsed,
        victims=tuple(map(victim, seen.victims)),
        files=seen.report.files,
        notes=seen.report.notes,
    )


def _written(shown: BansShown, output: str) -> None:
    """Write the files below a folder, as they would lie in /etc/fail2ban."""
    for path, text in shown.files.items():
        target = Path(output) / path.removeprefix(f"{FOLDER}/")
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Usage(f"{output} cannot be written: {error.strerror}.") from error
        write(text, str(target))


def _shown(shown: BansShown, *, simulate: bool, as_json: bool, color: bool) -> None:
    if as_json:
        write(in_json(render(shown)), None)
        return
    from zmward.reports.bans_text import render as as_text

    seen = screen(color=color)
    text = as_text(
        shown,
        simulate=simulate,
        width=seen.width,
        color=seen.color,
        encoding=seen.encoding,
    )
    write(text, None)


def _install(node: Node, found: Bans, options: dict[str, Any]) -> int:
    """Write the plan, or carry it out."""
    plan = planned(node.facts, found, own_version())
    if options["plan"] is not None:
        from zmward.reports.plan_json import render as as_plan

        write(as_plan(plan), options["plan"])
        return 0
    wish = Wish(
        confirm_within=options["confirm_within"] or 0,
        who=who(),
        despite=options["despite"],
    )
    site, quiet = node.facts.profile, node.quiet
    with place(None, sample=False) as here:
        if not options["console"]:
            reachable(here.door, plan)
        if not plan.steps:
            node.talk("all is as the plan would have it")
            return 0
        agreed(plan, here, wish, quiet=quiet, yes=options["yes"])
        done = carried_out(
            plan,
            here,
            wish,
            lambda: here.prove(plan, site),
            lambda: here.suspect(plan, site),
            quiet=quiet,
        )
        return told(done, here, as_json=options["as_json"])


@click.command("bans", help="Jails for fail2ban, and whom they would have banned.")
@asking
@click.option("--simulate", is_flag=True, help="Name whom they would have banned.")
@click.option("--since", metavar="WHEN", help="24h, 7d (usual), 2w, or a date.")
@click.option("--file", "files", multiple=True, metavar="FILE", help="Read this log.")
@click.option("--dir", "folders", multiple=True, metavar="DIR", help="Its logs.")
@click.option(
    "--trusted", multiple=True, metavar="ADDRESS", help="A proxy or MTA of yours."
)
@click.option("--timezone", metavar="ZONE", help="The zone of the logs' own times.")
@click.option("--install", is_flag=True, help="Write the jails and start fail2ban.")
@click.option("--plan", metavar="FILE", help="Only write the plan of it.")
@click.option(
    "--confirm-within",
    type=click.IntRange(5, 86400),
    metavar="S",
    help="Take it back after S seconds, unless confirmed from a new login.",
)
@click.option("--console", is_flag=True, help="You sit at the machine itself.")
@click.option(
    "--despite-signs-of-compromise",
    "despite",
    is_flag=True,
    help="Go on though an intruder seems to have been there.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.bans/1.")
@click.option("--output", metavar="DIR", help="Write the files there, to be read.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Print it, write it or install it; 4 where the jails may not start."""
    here = _here(options, ctx)
    if (options["install"] or options["plan"]) and options["trusted"]:
        raise Usage(
            "--trusted counts for this look alone, and the jails would not know it: "
            "name the address in the profile, [networks] proxies or [logs] trusted."
        )
    if (options["install"] or options["plan"]) and not here:
        raise Usage(
            "--install and --plan work on the server itself, whose logs are read "
            "first: run it there."
        )
    node = whole(ctx, {k: options[k] for k in _PLACE}, _WANTED)
    ground = Ground()
    if here or given(ctx, "host", options["host"]):
        way = door(given(ctx, "host", options["host"]))
        ground = Ground(there(way), operators(way))
    found, now = _bans(node, ground), datetime.now(UTC)
    seen = _judged(node, found, options, now, here=here)
    found = _refused(found, seen, here=here)
    if options["install"] or options["plan"]:
        return _install(node, found, options)
    files = rendered(found, node.facts.profile.bans)
    shown = document(
        *(found, node.facts.profile.bans, files, node.facts.evidence.when),
        _simulated(seen, options, now),
    )
    if options["output"] is not None:
        _written(shown, options["output"])
    as_json, color = options["as_json"], node.color
    _shown(shown, simulate=options["simulate"], as_json=as_json, color=color)
    return 4 if found.refused else 3 if seen and seen.report.notes else 0


_PLACE = ("host", "profile", "quiet", "no_color", "sample", "paths", "node")
