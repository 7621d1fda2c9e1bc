"""`zmward config document`: the site's page, written from evidence."""

from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import click

from zmward.cli.config_place import looked_at
from zmward.cli.options import common, given, language, profile, time, write
from zmward.cli.page_file import PageFile
from zmward.cli.plan import audited
from zmward.configuration.blocks import left, replaced
from zmward.configuration.document import Section, sections
from zmward.controls.registry import controls
from zmward.engine.catalog import active
from zmward.engine.page_record import remember
from zmward.errors import Refused, Usage
from zmward.facts import Facts
from zmward.finding import Report, moment
from zmward.reports.config_document_json import DocumentShown, shown
from zmward.reports.config_json import in_document
from zmward.reports.plain import in_json, plain
from zmward.waivers import validate

_OPTIONS = ("host", "profile", "now", "lang", "quiet", "no_color")
Form = Literal["markdown", "html"]


def _found(options: dict[str, Any]) -> tuple[Report, tuple[Section, ...]]:
    """Return the audit that the page tells of, and the page's sections."""
    evidence = looked_at(options)
    site = profile(options["profile"])
    now = time(options["now"]) or moment(evidence.when)
    validate(site, controls(), now)
    facts = Facts(evidence, site, now, active(site.patches))
    report = audited(evidence, site, facts)
    return report, sections(facts, report)


def _form(wanted: str | None, output: str | None) -> Form:
    if wanted is None and output is not None:
        return "html" if output.endswith((".html", ".htm")) else "markdown"
    return "html" if wanted == "html" else "markdown"


def _written(
    form: Form, title: str, found: tuple[Section, ...], old: str | None, place: str
) -> tuple[str, tuple[str, ...]]:
    """Return the page as it is now, and the blocks that it does not have."""
    if form == "html":
        from zmward.reports.html.config_page import page, section
    else:
        from zmward.reports.config_markdown import page, section
    if old is None:
        return page(title, found), ()
    blocks = {one.name: section(one) for one in found}
    return replaced(old, blocks, place), left(old, blocks, place)


@click.command("document", help="Write the site's page, from what is there.")
@common(*_OPTIONS)
@click.option("--demo", "sample", is_flag=True, help="Of the sample server.")
@click.option("--evidence", "paths", multiple=True, metavar="FILE", help="Recorded.")
@click.option("--format", "form", type=click.Choice(("markdown", "html")), default=None)
@click.option("--output", metavar="FILE", help="The page; your text in it stays.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.config-document/1.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    form: str | None,
    output: str | None,
    as_json: bool,
    **shared: Any,
) -> int:
    """Print the page, or write its blocks anew in the file that is there."""
    options = {**shared, **{n: given(ctx, n, shared[n]) for n in _OPTIONS}}
    language(options["lang"])
    if as_json and form is not None and output is None:
        raise Usage("--json and --format both say how the page is printed: take one.")
    if output is not None:
        report, found, missing = _put(output, _form(form, output), options)
    else:
        report, found = _found(options)
        missing = ()
        if not as_json:
            text, _ = _written(_form(form, None), report.host, found, None, "")
            write(text, None)
    if as_json:
        page = DocumentShown(report.host, report.when, output, missing, shown(found))
        write(f"{in_json(in_document(page))}\n", None)
    if missing and not options["quiet"]:
        names = ", ".join(missing)
        click.echo(f"zmward: the page has no block for {names}", err=True)
    return 0


def _put(
    output: str, form: Form, options: dict[str, Any]
) -> tuple[Report, tuple[Section, ...], tuple[str, ...]]:
    """Write the page; return what it tells of, and the blocks that it does not have."""
    with closing(PageFile(Path(output))) as place:
        place.read()
        report, found = _found(options)
        # Asking takes minutes, in which people go on writing.
        old = place.read()
        was = None if old is None else old.text
        text, missing = _written(form, report.host, found, was, plain(output))
        if old is None or text != old.text:
            place.put(text, old)
    _remembered(report, output, missing, options)
    return report, found, missing


def _remembered(
    report: Report, output: str, missing: tuple[str, ...], options: dict[str, Any]
) -> None:
    """Remember on the server itself that its page was written, for later audits."""
    if options["sample"] or options["paths"] or options["host"]:
        return
    try:
        remember(report.when, Path(output), missing)
    except Refused as error:
        click.echo(f"zmward: the page is written; {error}", err=True)
