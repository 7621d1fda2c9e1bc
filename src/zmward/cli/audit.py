"""`zmward audit`: findings, from this host, a far one, or recorded evidence."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from zmward.cli.main import own_version
from zmward.cli.options import common, door, given, language, profile, time, write
from zmward.cli.progress import progress
from zmward.cli.screen import Screen, screen
from zmward.control import Control, Status
from zmward.controls.registry import controls
from zmward.doors.host import LARGEST
from zmward.engine.answers import evidence as from_answers
from zmward.engine.answers import read
from zmward.engine.audit import audit, require_zimbra
from zmward.engine.catalog import active
from zmward.engine.collect import collect
from zmward.errors import BadFile, Usage
from zmward.evidence import Evidence, decode, merge
from zmward.finding import Report, moment
from zmward.outside import whose, with_looks
from zmward.profile import Profile
from zmward.reports.plain import in_json, plain
from zmward.scan.seen import Seen
from zmward.sources.registry import sources
from zmward.waivers import validate

_ALWAYS = {"identity", "listeners", "localconfig", "packages", "ldap-servers"}
# Whose a look from outside is, and whether the host looked at itself.
_LOOKED_AT = ("addresses",)
FORMATS = ("text", "json", "html")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise BadFile(f"{path} is larger than any evidence.")
    return content


def scanned(path: Path) -> tuple[Seen, ...]:
    """Return what the looks of a scan's file saw."""
    from zmward.reports.scan_json import read as read_scan

    return read_scan(_content(path), str(path))


def _looks(scans: Iterable[str], evidence: Evidence, site: Profile) -> tuple[Seen, ...]:
    """Read what scans saw, and say whose a look is where its name does not."""
    found = tuple(seen for path in scans for seen in scanned(Path(path)))
    for seen in found:
        host = whose(evidence, seen, site)
        at = plain(f"{seen.host} ({', '.join(seen.addresses)})")
        if not host:
            known = plain(", ".join(evidence.hosts))
            note = (
                f"is not surely at a host of the evidence ({known}), and counts as one "
                "of its own: to judge it with a server, scan that by its own name"
            )
            click.echo(f"zmward: the look at {at} {note}", err=True)
        elif host.lower() != seen.host.lower().rstrip("."):
            note = f"is laid to {plain(host)}, which has such an address"
            click.echo(f"zmward: the look at {at} {note}", err=True)
    return found


def stored(path: Path) -> Evidence:
    """Return the evidence of a file: collected as JSON, or printed by the script."""
    content = _content(path)
    if content[:200].lstrip()[:1] == b"{":
        return decode(content, str(path))
    asked = tuple(sources().values())
    found = read(content.splitlines(keepends=True), asked, str(path))
    return from_answers(found, asked, own_version())


def _sample(*, quiet: bool) -> Evidence:
    from zmward.cli.sample import looked

    return looked(quiet=quiet)


def _asked(
    chosen: Iterable[Control], options: Mapping[str, Any], more: Iterable[str]
) -> Evidence:
    """Ask the host what the chosen controls need, and who it is."""
    needed = {name for control in chosen for name in control.check.needs}
    asked = [s for s in sources().values() if s.name in needed | _ALWAYS | {*more}]
    way = door(options["host"])
    silent = bool(options["quiet"]) or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        return collect(way, asked, own_version(), moved)


def _chosen(only: str | None) -> tuple[Control, ...]:
    known = controls()
    if only is None:
        return tuple(known.values())
    wanted = [word.strip() for word in only.split(",") if word.strip()]
    for word in wanted:
        if word not in known:
            raise Usage(f"There is no control {word!r}: `zmward list` shows all.")
    if not wanted:
        raise Usage("--only names no control: `zmward list` shows all.")
    return tuple(known[word] for word in wanted)


def _render(
    report: Report,
    form: str,
    shown: Screen,
    looks: tuple[Seen, ...],
    *,
    everything: bool,
) -> str:
    if form == "json":
        from zmward.reports.json import render as as_json

        return in_json(as_json(report))
    if form == "html":
        from zmward.reports.html.page import render as as_html

        return as_html(report, looks=looks)
    from zmward.reports.text import render as as_text

    return as_text(
        report,
        width=shown.width,
        color=shown.color,
        encoding=shown.encoding,
        everything=everything,
    )


def exit_code(report: Report) -> int:
    """Return 3 for anything unknown, 1 for a failure, else 0."""
    statuses = {finding.status for finding in report.findings}
    if Status.UNKNOWN in statuses or report.hosts_missing:
        return 3
    return 1 if Status.FAIL in statuses else 0


@click.command("audit", help="Say how the server stands, and why that matters.")
@common("host", "profile", "now", "lang", "quiet", "no_color")
@click.option("--demo", "sample", is_flag=True, help="Judge the sample server.")
@click.option("--evidence", "paths", multiple=True, metavar="FILE", help="Recorded.")
@click.option(
    "--with-scan", "scans", multiple=True, metavar="FILE", help="What a scan saw."
)
@click.option("--only", metavar="ID,…", help="These controls alone.")
@click.option("--format", "form", type=click.Choice(FORMATS), default=None)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--all", "everything", is_flag=True, help="Fold nothing (text).")
@click.option("--output", metavar="FILE", help="Write the report there, mode 0600.")
@click.pass_context
def command(  # one parameter for each option
    ctx: click.Context,
    /,
    *,
    paths: tuple[str, ...],
    scans: tuple[str, ...],
    only: str | None,
    form: str | None,
    output: str | None,
    sample: bool,
    as_json: bool,
    everything: bool,
    **shared: object,
) -> int:
    """Print the report and return what it means as an exit code."""
    options = {name: given(ctx, name, value) for name, value in shared.items()}
    language(options["lang"])
    site = profile(options["profile"])
    chosen = _chosen(only)
    if sample or paths:
        quiet = bool(options["quiet"])
        evidence = (
            _sample(quiet=quiet) if sample else merge(map(stored, map(Path, paths)))
        )
    else:
        evidence = _asked(chosen, options, _LOOKED_AT if scans else ())
    require_zimbra(evidence)
    looks = _looks(scans, evidence, site)
    evidence = with_looks(evidence, looks, site)
    now = time(options["now"]) or moment(evidence.when)
    validate(site, controls(), now)
    report = audit(evidence, chosen, site, now, catalog=active(site.patches))
    kind = "json" if as_json else form or "text"
    shown = screen(color=not options["no_color"] and output is None)
    write(_render(report, kind, shown, looks, everything=everything), output)
    return exit_code(report)
