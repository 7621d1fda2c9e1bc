"""The node that a verb of the firewall is about, and what is known of it."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from zmward.cli.main import own_version
from zmward.cli.options import common, door, given, profile
from zmward.cli.progress import progress
from zmward.doors.host import Door
from zmward.engine.audit import require_zimbra
from zmward.engine.collect import collect
from zmward.errors import BadFile, Unreachable, Usage
from zmward.evidence import Evidence, Unseen, merge
from zmward.facts import Facts
from zmward.finding import moment
from zmward.firewall.loaded import Loaded
from zmward.firewall.managers import loaded
from zmward.firewall.room import Room, nearly_full, rooms
from zmward.reports.plain import plain
from zmward.sources.addresses import ADDRESSES
from zmward.sources.directory import CONFIG, SERVERS
from zmward.sources.established import ESTABLISHED
from zmward.sources.firewall import FIREWALL
from zmward.sources.firewallfiles import FIREWALL_FILES
from zmward.sources.identity import IDENTITY
from zmward.sources.listeners import LISTENERS
from zmward.sources.localconfig import LOCALCONFIG
from zmward.sources.packages import PACKAGES
from zmward.sources.rawsockets import RAW_SOCKETS
from zmward.sources.resolvednames import RESOLVED_NAMES
from zmward.sources.source import Source, Unreadable
from zmward.sources.sshd import SSHD

F = TypeVar("F", bound=Callable[..., Any])

RULES: tuple[Source[Any], ...] = (IDENTITY, FIREWALL)
# What the policy and the rules need, and nothing else: one round trip.
ASKED: tuple[Source[Any], ...] = (
    *(IDENTITY, LOCALCONFIG, PACKAGES, LISTENERS, ADDRESSES, SSHD, CONFIG, SERVERS),
    *(ESTABLISHED, RAW_SOCKETS, RESOLVED_NAMES, FIREWALL, FIREWALL_FILES),
)
_OPTIONS = (
    common("host", "profile", "quiet", "no_color"),
    click.option("--demo", "sample", is_flag=True, help="The sample server."),
    click.option("--evidence", "paths", multiple=True, metavar="FILE", help="Stored."),
    click.option("--node", metavar="NAME", help="Which of several."),
)


class Node(msgspec.Struct, frozen=True):
    """One node, all facts, and whether somebody asked for no talk or no colours."""

    facts: Facts
    host: str
    quiet: bool
    color: bool

    def loaded(self) -> Loaded:
        """Return the rules that the node has loaded; Unreachable if nobody knows."""
        found = loaded(self.facts, self.host)
        if isinstance(found, str):
            told = f"{plain(self.host)} does not tell its rules: {plain(found)}."
            raise Unreachable(told)
        return found

    def full(self) -> tuple[Room, ...]:
        """Return our loaded sets that are nearly full; none where nobody knows them."""
        try:
            return nearly_full(rooms(self.facts.read(FIREWALL, self.host)))
        except (Unreadable, Unseen):
            return ()

    def talk(self, text: str) -> None:
        """Say something beside the result."""
        if not self.quiet:
            click.echo(f"zmward: {plain(text)}", err=True)


def asking(function: F) -> F:
    """Give a verb the options that say which node it is about."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def _evidence(
    options: dict[str, Any], asked: Iterable[Source[Any]], *, quiet: bool
) -> Evidence:
    if options["sample"]:
        from zmward.cli.sample import looked

        return looked(quiet=quiet)
    if options["paths"]:
        from zmward.cli.audit import stored

        return merge(map(stored, map(Path, options["paths"])))
    way = door(options["host"])
    silent = quiet or not sys.stderr.isatty()
    with progress(f"asking {way.name}", silent=silent) as moved:
        return collect(way, tuple(asked), own_version(), moved)


def with_others(
    way: Door,
    paths: Iterable[str],
    moved: Callable[[int, int, str], None],
    asked: Iterable[Source[Any]] = ASKED,
) -> tuple[Evidence, str]:
    """Ask the host, and add what was collected of the other nodes before."""
    from zmward.cli.audit import stored

    own = collect(way, tuple(asked), own_version(), moved)
    require_zimbra(own)
    (host,) = own.hosts
    others = [stored(Path(path)) for path in paths]
    if any(host in one.hosts for one in others):
        raise Usage(
            f"--evidence is of the other nodes: {host} itself is asked now. Leave its "
            "file out."
        )
    return merge((own, *others)), host


def _chosen(evidence: Evidence, wanted: str | None) -> str:
    hosts, shown = evidence.hosts, [plain(host) for host in evidence.hosts]
    if wanted is not None:
        if wanted in hosts:
            return wanted
        raise Usage(f"--node {wanted!r} is none of {', '.join(shown) or 'no node'}.")
    if not hosts:
        raise BadFile("The evidence is of no node: collect it on each one.")
    if len(hosts) > 1:
        raise Usage(f"There are several nodes: --node NAME with {' or '.join(shown)}.")
    return hosts[0]


def _one_place(options: dict[str, Any]) -> None:
    """Refuse two places at once."""
    named = {
        "--demo": options["sample"],
        "--evidence": options["paths"],
        "--host": options["host"],
    }
    given_ = [name for name, value in named.items() if value]
    if len(given_) > 1:
        raise Usage(f"{' and '.join(given_)} name two places: give one of them.")


def node(
    ctx: click.Context,
    shared: dict[str, Any],
    asked: Iterable[Source[Any]] = ASKED,
) -> Node:
    """Ask the node that the options name, or read what was asked of it before."""
    options = dict(shared)
    before = given(ctx, "host")
    if not (options["sample"] or options["paths"]):
        options["host"] = given(ctx, "host", options["host"])
    elif options["host"] is None:
        options["host"] = before
    _one_place(options)
    for name in ("profile", "quiet", "no_color"):
        options[name] = given(ctx, name, options[name])
    site = profile(options["profile"])
    quiet = bool(options["quiet"])
    evidence = _evidence(options, asked, quiet=quiet)
    host = _chosen(evidence, options["node"])
    facts = Facts(evidence, site, moment(evidence.when))
    return Node(facts, host, quiet, not options["no_color"])


def whole(
    ctx: click.Context, shared: dict[str, Any], asked: Iterable[Source[Any]] = ASKED
) -> Node:
    """Return the node; NotZimbra where there is none of Zimbra's."""
    found = node(ctx, shared, asked)
    require_zimbra(found.facts.evidence)
    return found
