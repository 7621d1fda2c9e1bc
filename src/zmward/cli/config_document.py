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
from zmward.facts import Facts
from zmward.finding import moment
from zmward.reports.plain import plain
from zmward.waivers import validate

_OPTIONS = ("host", "profile", "now", "lang", "quiet", "no_color")
Form = Literal["markdown", "html"]


def _found(options: dict[str, Any]) -> tuple[str, tuple[Section, ...]]:
    """Return the page's title and its sections."""
    evidence = looked_at(options)
    site = profile(options["profile"])
    now = time(options["now"]) or moment(evidence.when)
    validate(site, controls(), now)
    facts = Facts(evidence, site, now, active(site.patches))
    report = audited(evidence, site, facts)
    return report.host, sections(facts, report)


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
@click.pass_context
def command(
    ctx: click.Context, /, *, form: str | None, output: str | None, **shared: Any
) -> int:
    """Print the page, or write its blocks anew in the file that is there."""
    options = {**shared, **{n: given(ctx, n, shared[n]) for n in _OPTIONS}}
    language(options["lang"])
    if output is None:
        title, found = _found(options)
        write(_written(_form(form, None), title, found, None, "")[0], None)
        return 0
    with closing(PageFile(Path(output))) as place:
        place.read()
        title, found = _found(options)
        # Asking takes minutes, in which people go on writing.
        old = place.read()
        was = None if old is None else old.text
        text, missing = _written(_form(form, output), title, found, was, plain(output))
        if old is None or text != old.text:
            place.put(text, old)
    if missing and not options["quiet"]:
        names = ", ".join(missing)
        click.echo(f"zmward: the page has no block for {names}", err=True)
    return 0
