"""`zmward logs report`: who attacks, whom, who got in, and what cannot be seen."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from socket import gethostname
from typing import Any

import click
from msgspec.structs import replace

from zmward.cli.options import common, given, language, profile, time, write
from zmward.cli.screen import screen
from zmward.doors.log_files import FOLDERS, LogFiles, named
from zmward.doors.own_addresses import own_addresses, zone
from zmward.engine.log_lines import lines
from zmward.engine.read_logs import Asked, Reading
from zmward.errors import BadFile, Incomplete, Usage
from zmward.logs.evidence import wanted
from zmward.logs.joined import joined
from zmward.logs.report import LogReport, report
from zmward.logs.tally import Tally
from zmward.profile import Profile
from zmward.reports.plain import in_json, plain

_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def _since(text: str | None, now: datetime) -> float:
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


def _opened(files: tuple[str, ...], folders: tuple[str, ...], since: float) -> LogFiles:
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


def _trusted(site: Profile, more: tuple[str, ...], *, here: bool) -> tuple[str, ...]:
    own = own_addresses() if here else ()
    named = (*site.logs.trusted, *site.networks.proxies, *site.firewall.cluster)
    return (*own, *named, *more)


def exit_code(found: LogReport, unread: int) -> int:
    """Return 3 where not all could be read, 1 for attacks, else 0."""
    if unread:
        return 3
    from zmward.reports.logs_words import attacked

    return 1 if attacked(found) else 0


def _report(
    site: Profile, files: LogFiles, asked: Asked, shown: tzinfo, *, with_lines: bool
) -> LogReport:
    reading, tally = Reading(files, asked), Tally(site.logs)
    names = [str(one.path) for one in files.opened]
    tally.add(joined(reading.events()))
    sums = reading.counts
    found = report(
        tally,
        site.logs,
        shown,
        counts=(sums.lines, sums.candidates, sums.unparsed),
        files=names,
        notes=files.notes,
    )
    if with_lines:
        found = replace(found, evidence=lines(files.opened, wanted(found), asked))
    return found


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
    type=click.Choice(["text", "json", "html"]),
    default="text",
    help="What to write.",
)
@click.option("--json", "as_json", is_flag=True, help="As zmward.logs/1.")
@click.option(
    "--with-lines", is_flag=True, help="Read again for the lines of findings (json)."
)
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
    with_lines: bool,
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
    begin = _since(since, now)
    opened = _opened(files, folders, begin)
    try:
        known = _trusted(site, trusted, here=not files and not folders)
        until = (now + timedelta(days=1)).timestamp()
        in_form = as_json or form == "json"
        asked = Asked(local, known, begin, until)
        with_lines = with_lines or form == "html"
        found = _report(
            *(site, opened, asked, UTC if in_form else local), with_lines=with_lines
        )
    except ValueError as error:
        raise Usage(f"--trusted: {plain(str(error))}.") from error
    if in_form:
        from zmward.reports import logs_json

        text = in_json(logs_json.render(found))
    elif form == "html":
        from zmward.reports.html import logs_page

        text = logs_page.render(found, gethostname())
    else:
        color = not given(ctx, "no_color", shared["no_color"]) and output is None
        text = _text(found, color=color)
    write(text, output)
    return exit_code(found, opened.unread)
