"""`zmward init`: writes a commented profile from what the server shows."""

import ipaddress
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from zmward.cli.main import own_version
from zmward.cli.options import common, door, given
from zmward.engine.collect import collect
from zmward.engine.profiles import root
from zmward.errors import Refused, Usage, ZmwardError
from zmward.evidence import Evidence
from zmward.profile import Kind, Profile
from zmward.reports.plain import plain, visible
from zmward.sources.registry import sources
from zmward.starter import preset, starter, with_networks
from zmward.survey import survey

_ASKED = ("identity", "localconfig", "ldap-config", "ldap-servers", "ldap-domains")


def _networks(text: str) -> tuple[str, ...]:
    words = text.replace(",", " ").split()
    for word in words:
        try:
            ipaddress.ip_network(word)
        except ValueError as error:
            raise click.BadParameter(f"{word!r} is no network: {error}") from error
    return tuple(words)


def _seen(host: str | None) -> Evidence | None:
    asked = [sources()[name] for name in _ASKED]
    try:
        return collect(door(host), asked, own_version())
    except ZmwardError as error:
        if host:
            raise
        said = f"zmward: nothing seen on this host: {error}"
        click.echo(visible(said), err=True)
        return None


def _asked(profile: Profile) -> Profile:
    """Ask at the terminal what no server can show."""
    if not sys.stdin.isatty():
        return profile
    admins = click.prompt(
        "Networks of your administrators (CIDR, blank-separated, empty: not said)",
        default="",
        show_default=False,
        value_proc=_networks,
        err=True,
    )
    return with_networks(profile, admins=admins)


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
@click.pass_context
def command(
    ctx: click.Context, host: str | None, kind: Kind | None, output: str | None
) -> int:
    """Write the profile and say where it is."""
    evidence = _seen(given(ctx, "host", host))
    seen: Mapping[str, str] = survey(evidence) if evidence else {}
    harmless = {key: plain(text) for key, text in seen.items()}
    text = starter(_asked(preset(kind or "small")), harmless)
    if output == "-":
        click.echo(text, nl=False)
        return 0
    path = Path(output) if output else root() / "profile.toml"
    _write(path, text)
    click.echo(f"zmward: wrote {path}; read it, then run `zmward audit`.", err=True)
    return 0
