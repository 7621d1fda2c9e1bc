"""`zmward diff OLD NEW`: what changed between two reports."""

from pathlib import Path

import click
import msgspec

from zmward.drift import Drift, Stored, decode, diff
from zmward.errors import BadFile
from zmward.reports.plain import in_json, plain

_SIGNS = {"worse": "-", "better": "+", "changed": "~", "new": "*", "gone": "/"}


def _stored(path: str) -> Stored:
    try:
        return decode(Path(path).read_bytes(), path)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error


def _show(drift: Drift) -> None:
    was = drift.was or "not judged"
    now = drift.now or "not judged"
    click.echo(f"{_SIGNS[drift.kind]} {drift.kind:<8}{was} → {now}  {drift.control}")
    click.echo(f"          {plain(drift.title)}")
    for deviation in drift.appeared:
        click.echo(f"          + {plain(deviation.subject)}: {plain(deviation.found)}")
    for deviation in drift.vanished:
        click.echo(f"          - {plain(deviation.subject)}: {plain(deviation.found)}")


@click.command("diff", help="Say what changed between two reports (JSON).")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--json", "as_json", is_flag=True, help="As zmward.drift/1.")
def command(old: str, new: str, *, as_json: bool) -> int:
    """Print the drift; exit code 1 where something got worse."""
    was, now = _stored(old), _stored(new)
    found = diff(was, now)
    if as_json:
        document = {
            "schema": "zmward.drift/1",
            "host": now.host,
            "was": was.when,
            "now": now.when,
            "drift": found,
        }
        text = msgspec.json.format(msgspec.json.encode(document)).decode()
        click.echo(in_json(text))
    else:
        for drift in found:
            _show(drift)
        if not found:
            click.echo("Nothing changed.")
    return 1 if any(drift.kind == "worse" for drift in found) else 0
