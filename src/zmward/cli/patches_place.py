"""What the verbs of `zmward patches` judge: evidence, a profile, and a time."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

import click

from zmward.cli.audit import stored
from zmward.cli.main import own_version
from zmward.cli.options import door, given, language, profile
from zmward.cli.options import time as given_time
from zmward.cli.progress import progress
from zmward.engine.audit import require_zimbra
from zmward.engine.collect import collect
from zmward.errors import Usage
from zmward.evidence import Evidence, merge
from zmward.finding import moment
from zmward.profile import Profile
from zmward.sources.registry import sources

_OPTIONS = ("host", "profile", "now", "lang", "quiet", "no_color")
_ALWAYS = frozenset({"identity", "localconfig", "packages", "ldap-servers"})
_DAY = len("2026-11-21")


@dataclass(frozen=True)
class Judged:
    """The evidence, the site's wishes, and the time that counts."""

    evidence: Evidence
    profile: Profile
    now: datetime
    color: bool
    live: bool = False
    host: str | None = None


def _now(text: str | None, evidence: Evidence, site: Profile) -> datetime:
    """Return the time that counts; a plain day is that day at the site."""
    found = given_time(text)
    if text is None or found is None:
        return moment(evidence.when)
    if len(text) == _DAY:
        return datetime.combine(found.date(), time(12), tzinfo=site.patches.zone)
    return found


def _asked(names: Iterable[str], options: Mapping[str, Any]) -> Evidence:
    wanted = _ALWAYS | set(names)
    asked = [source for source in sources().values() if source.name in wanted]
    way = door(options["host"])
    silent = bool(options["quiet"]) or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        return collect(way, asked, own_version(), moved)


def judged(
    ctx: click.Context,
    shared: Mapping[str, Any],
    needs: Callable[[Profile], Iterable[str]],
) -> Judged:
    """Return what the options name; of a host, only what is needed is asked."""
    options = {name: given(ctx, name, shared[name]) for name in _OPTIONS}
    sample, paths = bool(shared["sample"]), tuple(shared["paths"])
    if sum((sample, bool(paths), bool(shared["host"]))) > 1:
        raise Usage("--demo, --evidence and --host name different servers: take one.")
    language(options["lang"])
    site = profile(options["profile"])
    if sample:
        from zmward.cli.sample import looked

        evidence = looked(quiet=bool(options["quiet"]))
    elif paths:
        evidence = merge(map(stored, map(Path, paths)))
    else:
        evidence = _asked(needs(site), options)
    require_zimbra(evidence)
    now = _now(options["now"], evidence, site)
    live = not sample and not paths
    color = not options["no_color"]
    return Judged(evidence, site, now, color, live, options["host"] if live else None)
