"""`zmward config document`: the site's page, written from evidence."""

import os
import stat
import tempfile
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from zmward.cli.config_place import looked_at
from zmward.cli.options import common, given, language, profile, time, write
from zmward.cli.plan import audited
from zmward.configuration.blocks import left, replaced
from zmward.configuration.document import Section, sections
from zmward.controls.registry import controls
from zmward.engine.catalog import active
from zmward.errors import BadFile, Usage
from zmward.facts import Facts
from zmward.finding import moment
from zmward.reports.plain import plain
from zmward.waivers import validate

_OPTIONS = ("host", "profile", "now", "lang", "quiet", "no_color")
_LARGEST = 16 << 20
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


class _Old(msgspec.Struct, frozen=True):
    """A page that is there: every byte of it, and whose it is."""

    text: str
    mode: int
    owner: int
    group: int


def _page(path: Path) -> _Old | None:
    """Return the page that is there; None where there is none."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LARGEST:
        raise BadFile(f"{path} is larger than any page.")
    try:
        mode = stat.S_IMODE(found.st_mode)
        return _Old(content.decode(), mode, found.st_uid, found.st_gid)
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8 text: it is left alone.") from error


def _put(path: Path, text: str, old: _Old) -> None:
    """Put a page in the place of the old one, with its mode and owners.

    All is done to the open file: who owns the folder could swap what has a name.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
                if (old.owner, old.group) != (os.geteuid(), os.getegid()):
                    os.fchown(descriptor, old.owner, old.group)
                os.fchmod(descriptor, old.mode)
                file.flush()
                os.fsync(descriptor)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Usage(f"{path} cannot be written: {error.strerror}.") from error


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
    old = _page(Path(output)) if output else None
    title, found = _found(options)
    kind = _form(form, output)
    was = None if old is None else old.text
    text, missing = _written(kind, title, found, was, plain(output or "the page"))
    if old is None or output is None:
        write(text, output)
    elif text != old.text:
        _put(Path(output), text, old)
    if missing and not options["quiet"]:
        names = ", ".join(missing)
        click.echo(f"zmward: the page has no block for {names}", err=True)
    return 0
