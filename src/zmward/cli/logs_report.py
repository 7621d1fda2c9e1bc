"""`zmward logs report`: who attacks, whom, who got in, and what cannot be seen."""

from datetime import UTC, datetime, tzinfo
from typing import Any

import click
from msgspec.structs import replace

from zmward.cli.log_place import Place, Wanted, beginning, place, until
from zmward.cli.options import common, given, language, profile, time, write
from zmward.cli.screen import screen
from zmward.engine.log_lines import lines
from zmward.engine.log_pieces import Asked
from zmward.engine.read_logs import Reading, uncollected
from zmward.errors import Usage
from zmward.logs.attacked import attacked
from zmward.logs.evidence import wanted
from zmward.logs.joined import joined_rows
from zmward.logs.report import LogReport, report
from zmward.logs.tally import Tally
from zmward.profile import Profile
from zmward.reports.plain import in_json, plain


def exit_code(found: LogReport, unread: int) -> int:
    """Return 3 where not all could be read, 1 for attacks, else 0."""
    if unread:
        return 3
    return 1 if attacked(found) else 0


def _report(
    site: Profile, at: Place, asked: Asked, shown: tzinfo, *, with_lines: bool
) -> LogReport:
    reading, tally = Reading(at.files, asked), Tally(site.logs)
    with uncollected():
        for rows in joined_rows(reading.rows()):
            tally.rows(rows)
        tally.fold()
        sums = reading.counts
        count = sums.lines if at.lines is None else at.lines
        found = report(
            tally,
            site.logs,
            shown,
            counts=(count, sums.candidates, sums.unparsed),
            files=at.paths,
            notes=at.files.notes,
        )
    if with_lines:
        found = replace(found, evidence=lines(at.files.opened, wanted(found), asked))
    return found


def _text(found: LogReport, *, color: bool) -> str:
    from zmward.reports import logs_text

    seen = screen(color=color)
    return logs_text.render(
        found, width=seen.width, color=seen.color, encoding=seen.encoding
    )


@click.command("report", help="Who attacks, whom, and who got in.")
@click.option("--since", metavar="WHEN", help="24h, 7d, 2w, or a date.")
@click.option("--follow", is_flag=True, help="Go on as the logs do, until Ctrl-C.")
@click.option("--file", "files", multiple=True, metavar="FILE", help="Read this log.")
@click.option("--dir", "folders", multiple=True, metavar="DIR", help="Its logs.")
@click.option(
    "--trusted", multiple=True, metavar="ADDRESS", help="A proxy or MTA of yours."
)
@click.option(
    "--evidence", multiple=True, metavar="FILE", help="Whom a recorded node trusts."
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
@common("host", "profile", "now", "lang", "quiet", "no_color")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    since: str | None,
    follow: bool,
    files: tuple[str, ...],
    folders: tuple[str, ...],
    trusted: tuple[str, ...],
    evidence: tuple[str, ...],
    timezone: str | None,
    form: str,
    as_json: bool,
    with_lines: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Print the report; 0 for no attack, 1 for some, 3 where not all was read."""
    language(given(ctx, "lang", shared["lang"]))
    site = profile(given(ctx, "profile", shared["profile"]))
    now = time(given(ctx, "now", shared["now"])) or datetime.now(UTC)
    begin = beginning(since, now)
    in_form = as_json or form == "json"
    chosen = Wanted(
        host=given(ctx, "host", shared["host"]),
        files=files,
        folders=folders,
        evidence=evidence,
        trusted=trusted,
        timezone=timezone,
        since=begin,
        quiet=bool(given(ctx, "quiet", shared["quiet"])),
    )
    color = not given(ctx, "no_color", shared["no_color"]) and output is None
    if follow:
        from zmward.cli import logs_live

        logs_live.fit(chosen, form, output, with_lines=with_lines, in_form=in_form)
        return logs_live.run(chosen, site, until(now), color=color, in_form=in_form)
    with place(chosen, site) as at:
        asked = Asked(at.zone, at.trusted, begin, until(now))
        try:
            found = _report(
                *(site, at, asked, UTC if in_form else at.zone),
                with_lines=with_lines or (form == "html" and not as_json),
            )
        except ValueError as error:
            raise Usage(f"--trusted: {plain(str(error))}.") from error
    if in_form:
        from zmward.reports import logs_json

        text = in_json(logs_json.render(found))
    elif form == "html":
        from zmward.reports.html import logs_page

        text = logs_page.render(found, at.name)
    else:
        text = _text(found, color=color)
    write(text, output)
    return exit_code(found, at.files.unread)
