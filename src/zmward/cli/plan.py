"""`zmward plan`: shows the changes that would repair what failed, and makes none."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from zmward.cli.audit import stored
from zmward.cli.hand_made import hand_made
from zmward.cli.main import own_version
from zmward.cli.options import common, door, given, language, profile, time, write
from zmward.cli.progress import progress
from zmward.cli.screen import screen
from zmward.controls.registry import controls
from zmward.engine.audit import audit, require_zimbra
from zmward.engine.catalog import active
from zmward.engine.collect import collect
from zmward.errors import BadFile, Usage
from zmward.evidence import Evidence, Unseen, merge
from zmward.facts import Facts
from zmward.finding import EFFORTS, Effort, Report, digest, moment
from zmward.forecast import forecast
from zmward.plan import Plan, plan
from zmward.profile import Profile
from zmward.sources.identity import IDENTITY
from zmward.sources.registry import sources
from zmward.waivers import validate

_LARGEST = 256 << 20


def _asked(options: Mapping[str, Any]) -> Evidence:
    """Ask the host all that an audit asks, and who logged in lately."""
    way = door(options["host"])
    silent = bool(options["quiet"]) or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        return collect(way, sources().values(), own_version(), moved)


def _report(path: str) -> Report:
    from zmward.reports.json import read

    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise BadFile(f"{path} is larger than any report.")
    return read(content, path)


def _named(only: str | None) -> tuple[str, ...]:
    """Return the controls of --only; each must exist."""
    if only is None:
        return ()
    wanted = tuple(word.strip() for word in only.split(",") if word.strip())
    for word in wanted:
        if word not in controls():
            raise Usage(f"There is no control {word!r}: `zmward list` shows all.")
    if not wanted:
        raise Usage("--only names no control: `zmward list` shows all.")
    return wanted


def _evidence(
    paths: Iterable[str], options: Mapping[str, Any], *, sample: bool
) -> Evidence:
    paths = tuple(paths)
    if sample:
        from zmward.cli.sample import looked

        return looked(quiet=bool(options["quiet"]))
    found = merge(stored(Path(path)) for path in paths) if paths else _asked(options)
    require_zimbra(found)
    return found


def machine(facts: Facts, host: str) -> str:
    """Return the hash of the host's machine id, or nothing where it is not known."""
    try:
        return facts.read(IDENTITY, host).machine
    except Unseen:
        return ""


def audited(evidence: Evidence, site: Profile, facts: Facts) -> Report:
    """Return a fresh report that bears the hashes of what it was made from."""
    import msgspec

    from zmward.evidence import encode

    known = controls().values()
    report = audit(evidence, known, site, facts.now, catalog=facts.catalog)
    return msgspec.structs.replace(
        report,
        profile_hash=digest(msgspec.json.encode(site)),
        evidence_hash=digest(encode(evidence)),
    )


def _efforts(*, safe: bool, window: bool) -> tuple[Effort, ...]:
    if safe and window:
        return ("safe", "window")
    if safe:
        return ("safe",)
    return ("window",) if window else EFFORTS


def _planned(
    evidence: Evidence | None,
    report: Report | None,
    site: Profile,
    options: Mapping[str, Any],
) -> Plan:
    """Return the plan of the evidence, of a report, or of a report with evidence."""
    choice = {
        "only": _named(options["only"]),
        "efforts": _efforts(safe=options["safe"], window=options["window"]),
        "alone": options["alone"],
        "short_logs": options["short_logs"],
    }
    if evidence is None:
        if report is None:
            raise Usage("There is nothing to plan from.")
        return plan(report, **choice)
    now = time(options["now"]) or moment(evidence.when)
    validate(site, controls(), now)
    facts = Facts(evidence, site, now, active(site.patches))
    report = report or audited(evidence, site, facts)
    name = report.hosts_seen[0] if report.hosts_seen else report.host
    found = plan(report, machine=machine(facts, name), facts=facts, **choice)
    return forecast(found, report, controls().values(), facts)


def show(
    found: Plan,
    options: dict[str, Any],
    output: str | None,
    *,
    as_json: bool,
    everything: bool,
    asked: bool,
) -> None:
    """Print a plan, and write the file that apply takes.

    Only a host that was `asked` just now can still be asked for more.
    """
    from zmward.reports.plain import in_json
    from zmward.reports.plan_json import render as as_document
    from zmward.reports.plan_text import render as as_text

    if as_json or output is not None:
        write(in_json(as_document(found)), output)
    if not as_json:
        shown = screen(color=not options["no_color"])
        text = as_text(
            found,
            width=shown.width,
            color=shown.color,
            encoding=shown.encoding,
            everything=everything,
        )
        write(text, None)
        if asked:
            write(hand_made(options["host"], found), None)


@click.command("plan", help="Show the changes that would repair what failed.")
@common("host", "profile", "now", "lang", "quiet", "no_color")
@click.option("--demo", "sample", is_flag=True, help="Plan for the sample server.")
@click.option("--report", "told", metavar="FILE", help="From an audit's JSON.")
@click.option("--evidence", "paths", multiple=True, metavar="FILE", help="Recorded.")
@click.option("--only", metavar="ID,…", help="These alone, also if they can hurt.")
@click.option("--safe", is_flag=True, help="Only what is safe now.")
@click.option("--window", is_flag=True, help="Only what needs a window.")
@click.option(
    "--only-this-node-seen",
    "alone",
    is_flag=True,
    help="Change what other nodes share, though they were not seen.",
)
@click.option(
    "--despite-short-logs",
    "short_logs",
    is_flag=True,
    help="Narrow who may send, though the logs show less than a week.",
)
@click.option("--all", "everything", is_flag=True, help="Fold nothing (text).")
@click.option("--json", "as_json", is_flag=True, help="As zmward.plan/1.")
@click.option("--output", metavar="FILE", help="Write the plan there, mode 0600.")
@click.pass_context
def command(  # one parameter for each option
    ctx: click.Context,
    /,
    *,
    paths: tuple[str, ...],
    told: str | None,
    output: str | None,
    sample: bool,
    as_json: bool,
    everything: bool,
    **shared: object,
) -> int:
    """Print the plan, or write it as the file that apply takes."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    language(options["lang"])
    site = profile(options["profile"])
    report = _report(told) if told else None
    alone = report is not None and not paths and not sample
    evidence = None if alone else _evidence(paths, options, sample=sample)
    found = _planned(evidence, report, site, options)
    asked = not (paths or told or sample)
    show(found, options, output, as_json=as_json, everything=everything, asked=asked)
    return 0
