"""`zmward init`: writes a commented profile from what the server shows."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from zmward.cli.firewall_place import ASKED
from zmward.cli.main import own_version
from zmward.cli.options import common, door, given
from zmward.cli.progress import progress
from zmward.engine.audit import require_zimbra
from zmward.engine.collect import collect
from zmward.engine.operator import operators
from zmward.engine.profiles import root
from zmward.errors import Refused, Usage, ZmwardError
from zmward.evidence import Evidence, merge
from zmward.profile import Kind
from zmward.reports.plain import plain, visible
from zmward.sources.registry import sources
from zmward.starter import preset, starter
from zmward.survey import survey

Found = tuple[str, ...]
_ASKED = ("identity", "localconfig", "ldap-config", "ldap-servers", "ldap-domains")


def _asked_host(host: str | None, *, all_of_it: bool) -> Evidence | None:
    """Ask the host; one that is not named may be none of Zimbra's."""
    asked = ASKED if all_of_it else tuple(sources()[name] for name in _ASKED)
    domains = sources()["ldap-domains"]
    asked = (*asked, *(() if domains in asked else (domains,)))
    try:
        way = door(host)
        with progress(f"asking {way.name}", silent=not sys.stderr.isatty()) as moved:
            found = collect(way, asked, own_version(), moved)
        if all_of_it:
            require_zimbra(found)
    except ZmwardError as error:
        if host:
            raise
        said = f"zmward: nothing seen on this host: {error}"
        click.echo(visible(said), err=True)
        return None
    return found


def _seen(
    host: str | None, paths: tuple[str, ...], *, sample: bool, all_of_it: bool
) -> Evidence | None:
    named = [host is not None, bool(paths), sample]
    if sum(named) > 1:
        raise Usage("--host, --evidence and --demo name different places: give one.")
    if sample:
        from zmward.cli.sample import looked

        return looked(quiet=False)
    if paths:
        from zmward.cli.audit import stored

        return merge(map(stored, map(Path, paths)))
    return _asked_host(host, all_of_it=all_of_it)


def _operators(host: str | None, evidence: Evidence | None, *, live: bool) -> Found:
    """Return from where somebody works on the host that was asked just now."""
    if evidence is None or not live:
        return ()
    return operators(door(host))


def _free(path: Path) -> None:
    """Refuse a file that exists before anybody has answered anything."""
    if path.exists() or path.is_symlink():
        raise Refused(
            f"{path} exists and stays as it is. Write elsewhere with --output FILE."
        )


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refused(
            f"{path} exists and stays as it is. Write elsewhere with --output FILE."
        ) from error
    except OSError as error:
        raise Usage(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise Usage(f"{path} cannot be written: {error.strerror}.") from error


@click.command("init", help="Write a commented profile from what the server shows.")
@common("host")
@click.option("--kind", type=click.Choice(["small", "isp", "university"]))
@click.option("--output", metavar="FILE", help="There; `-` means standard output.")
@click.option(
    "--evidence", "paths", multiple=True, metavar="FILE", help="Collected before."
)
@click.option("--demo", "sample", is_flag=True, help="The sample server.")
@click.option(
    "--ask/--yes",
    default=None,
    help="Ask, or take what is proposed; at a terminal it asks.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    host: str | None,
    kind: Kind | None,
    output: str | None,
    paths: tuple[str, ...],
    sample: bool,
    ask: bool | None,
) -> int:
    """Write the profile and say where it is."""
    path = Path(output) if output else root() / "profile.toml"
    if output != "-":
        _free(path)
    elsewhere = sample or bool(paths)
    place = host if elsewhere else given(ctx, "host", host)
    talks = sys.stdin.isatty() if ask is None else ask
    evidence = _seen(place, paths, sample=sample, all_of_it=talks)
    seen: Mapping[str, str] = survey(evidence) if evidence else {}
    harmless = {key: plain(text) for key, text in seen.items()}
    profile, origins = preset(kind or "small"), dict[str, str]()
    if talks:
        from zmward.cli.interview import Interview

        working = _operators(place, evidence, live=not elsewhere)
        interview = Interview(profile, evidence, working)
        interview.ask()
        profile, origins = interview.profile, interview.origins
    text = starter(profile, harmless, origins)
    if output == "-":
        click.echo(text, nl=False)
        return 0
    _write(path, text)
    click.echo(f"zmward: wrote {path}; read it, then run `zmward audit`.", err=True)
    return 0
