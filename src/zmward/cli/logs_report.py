"""`zmward logs report`: who attacks, whom, who got in, and what cannot be seen."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import click

from zmward.cli.options import common, given, language, profile, time, write
from zmward.cli.screen import screen
from zmward.doors.log_files import FOLDERS, LogFiles, named
from zmward.doors.own_addresses import own_addresses, zone
from zmward.engine.log_pieces import Asked
from zmward.engine.read_logs import Reading
from zmward.errors import BadFile, Incomplete, Usage
from zmward.logs.joined import joined
from zmward.logs.report import LogReport, report
from zmward.logs.tally import Tally
from zmward.profile import Profile
from zmward.reports.plain import in_json, plain

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_HARMLESS = frozenset(("few", "shared", "probing"))


def beginning(text: str | None, now: datetime) -> float:
    """Return the begin: a span such as 24h, 7d or 2w back, or a date."""
    if text is None:
        return 0.0
    span = _SPAN.fullmatch(text)
    if span:
        back = timedelta(**{_UNITS[span[2]]: int(span[1])})
        return (now - back).timestamp()
    try:
        found = time(text)
    except Usage:
        found = None
    if found is None:
        raise Usage(f"--since {text!r} is no time: write 24h, 7d, 2w or 2026-11-21.")
    return found.timestamp()


def opened_logs(
    files: tuple[str, ...], folders: tuple[str, ...], since: float
) -> LogFiles:
    """Return the logs that are named, or this server's own; Incomplete for none."""
    found = LogFiles()
    for name in files:
        path = Path(name)
        log = named(path)
        if log is None:
            raise BadFile(
                f"{name} is no log by its name: call it like the original, "
                "audit.log-old for example."
            )
        if not path.is_file():
            raise BadFile(f"{name} cannot be read: it is no file.")
        found.open(path, log)
    places = tuple(map(Path, folders)) if folders else () if files else FOLDERS
    for folder in places:
        if folders and not folder.is_dir():
            raise BadFile(f"{folder} cannot be read: it is no folder.")
        found.folder(folder, since)
    if not found.opened:
        notes = "; ".join(found.notes) or "there are none"
        raise Incomplete(f"No log could be read: {notes}.")
    return found


def trusted_by(site: Profile, more: tuple[str, ...], *, here: bool) -> tuple[str, ...]:
    """Return whose word about clients is taken."""
    own = own_addresses() if here else ()
    named = (*site.logs.trusted, *site.networks.proxies, *site.firewall.cluster)
    return (*own, *named, *more)


def exit_code(found: LogReport, unread: int) -> int:
    """Return 3 where not all could be read, 1 for attacks, else 0."""
    if unread:
        return 3
    verdicts = {one.verdict for one in found.sources}
    verdicts |= {one.verdict for one in found.accounts}
    attacked = verdicts - _HARMLESS or found.hours_attacked
    return 1 if attacked or found.indicators else 0


def _report(site: Profile, files: LogFiles, asked: Asked, shown: tzinfo) -> LogReport:
    reading, tally = Reading(files, asked), Tally(site.logs)
    names = [str(one.path) for one in files.opened]
    tally.add(joined(reading.events()))
    sums = reading.counts
    return report(
        tally,
        site.logs,
        shown,
        counts=(sums.lines, sums.candidates, sums.unparsed),
        files=names,
        notes=files.notes,
    )


def _text(found: LogReport, *, color: bool) -> str:
    from zmward.reports import logs_text

    seen = screen(color=color)
    return logs_text.render(
        found, width=seen.width, color=seen.color, encoding=seen.encoding
    )


@click.command("report", help="Who attacks, whom, and who got in.")
@click.option("--since", metavar="WHEN", help="24h, 7d, 2w, or a date.")
@click.option("--file", "files", multiple=True, metavar="FILE", help="Read this log.")
@click.option("--dir", "folders", multiple=True, metavar="DIR", help="Its logs.")
@click.option(
    "--trusted", multiple=True, metavar="ADDRESS", help="A proxy or MTA of yours."
)
@click.option("--timezone", metavar="ZONE", help="The zone of the logs' own times.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="What to write; html has not landed yet.",
)
@click.option("--json", "as_json", is_flag=True, help="As zmward.logs/1.")
@click.option("--output", metavar="FILE", help="Write it there, mode 0600.")
@common("profile", "now", "lang", "no_color")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    since: str | None,
    files: tuple[str, ...],
    folders: tuple[str, ...],
    trusted: tuple[str, ...],
    timezone: str | None,
    form: str,
    as_json: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print the report; 0 for no attack, 1 for some, 3 where not all was read."""
    if given(ctx, "host"):
        raise Usage("--host has not landed for logs: run it there, or copy the files.")
    language(given(ctx, "lang", shared["lang"]))
    local = zone(timezone)
    if local is None:
        raise Usage(f"--timezone {timezone!r} is none: write Europe/Rome.")
    site = profile(given(ctx, "profile", shared["profile"]))
    now = time(given(ctx, "now", shared["now"])) or datetime.now(UTC)
    begin = beginning(since, now)
    opened = opened_logs(files, folders, begin)
    try:
        known = trusted_by(site, trusted, here=not files and not folders)
        until = (now + timedelta(days=1)).timestamp()
        in_form = as_json or form == "json"
        asked = Asked(local, known, begin, until)
        found = _report(site, opened, asked, UTC if in_form else local)
    except ValueError as error:
        raise Usage(f"--trusted: {plain(str(error))}.") from error
    if in_form:
        from zmward.reports import logs_json

        text = in_json(logs_json.render(found))
    else:
        color = not given(ctx, "no_color", shared["no_color"]) and output is None
        text = _text(found, color=color)
    write(text, output)
    return exit_code(found, opened.unread)
