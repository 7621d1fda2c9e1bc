"""`zmward config snapshot`: the configuration as it is, on top of its history."""

from functools import cache
from typing import Any

import click

from zmward.cli.config_place import seal, seen, store
from zmward.cli.options import common, given, language
from zmward.configuration.compare import differences, told
from zmward.configuration.merged import merged
from zmward.configuration.snapshot import SERVERS, Files, Group, snapshot
from zmward.engine.configuration_store import Store
from zmward.engine.locked_file import locked
from zmward.errors import Refused
from zmward.evidence import Evidence
from zmward.finding import moment
from zmward.reports.config_json import SnapshotShown, in_document
from zmward.reports.config_text import message, snapshot_text
from zmward.reports.plain import in_json

_OPTIONS = ("host", "lang", "quiet")


def _newer(repository: Store, evidence: Evidence) -> None:
    """Refuse evidence of before the last snapshot: it would look like a way back."""
    log = repository.log()
    if log and moment(evidence.when).timestamp() < log[0].when:
        raise Refused(
            f"This evidence is of {evidence.when}, the last snapshot of {log[0].time}: "
            "a history goes forward only. Collect anew, or name another --repository."
        )


def _same_site(before: Files, groups: tuple[Group, ...]) -> None:
    """Refuse the evidence of another site: no server of it is in the history."""
    known = {path for path in before if path.startswith(SERVERS)}
    seen = {path for one in groups if one.place == SERVERS for path in one.files}
    if known and seen and not known & seen:
        raise Refused(
            "No server of this evidence is in the history: it is of another site. Keep "
            "each site in a --repository of its own."
        )


def _taken(
    repository: Store, evidence: Evidence, secret: bytes, *, sign: bool
) -> SnapshotShown:
    if not repository.exists:
        repository.make()
    with locked(repository.folder / "zmward.lock"):
        _newer(repository, evidence)
        before = repository.files(repository.head())
        groups = snapshot(evidence, secret)
        _same_site(before, groups)
        after = merged(before, groups)
        changed = after.files != before
        found = told(differences(before, after.files)) if before else ()
        commit = ""
        if changed:
            words = message(found, evidence, first=not before)
            commit = repository.commit(
                after.files, before, evidence.when, words, sign=sign
            )
        return SnapshotShown(
            repository=str(repository.folder),
            when=evidence.when,
            commit=commit or None,
            hosts_seen=evidence.hosts,
            files=len(after.files),
            differences=found,
            stale=after.stale,
            uncompared=after.uncompared,
        )


@click.command("snapshot", help="Keep the configuration as it is now.")
@common(*_OPTIONS)
@click.option("--demo", "sample", is_flag=True, help="Of the sample server.")
@click.option("--evidence", "paths", multiple=True, metavar="FILE", help="Recorded.")
@click.option("--repository", metavar="DIR", help="Where the history lies.")
@click.option("--key", "key_path", metavar="FILE", help="The fingerprints' key.")
@click.option("--sign", is_flag=True, help="Sign by your own git configuration.")
@click.option("--json", "as_json", is_flag=True, help="As zmward.config-snapshot/1.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    repository: str | None,
    key_path: str | None,
    sign: bool,
    as_json: bool,
    **shared: Any,
) -> int:
    """Make a commit where something changed; 3 where something could not be had."""
    options = {**shared, **{n: given(ctx, n, shared[n]) for n in _OPTIONS}}
    language(options["lang"])
    place = store(repository)
    secret = cache(lambda: seal(place, key_path))
    evidence = seen(options, secret)
    found = _taken(place, evidence, secret(), sign=sign)
    if as_json:
        click.echo(in_json(in_document(found)))
    else:
        click.echo(snapshot_text(found), nl=False)
    return 3 if found.stale else 0
